output "ids" {
  description = "Keys by what they encrypt: what other modules take as their key."

  # Written out, so that it is known before the key is there: other modules decide by it what to make.
  value = {
    for name, key in google_kms_crypto_key.this :
    name => "projects/${var.project_id}/locations/${var.region}/keyRings/${var.name}/cryptoKeys/${key.name}"
  }

  # Who uses a key fails where the service agent may not use it yet.
  depends_on = [google_kms_crypto_key_iam_member.user]
}
