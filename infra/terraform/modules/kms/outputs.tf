output "ids" {
  description = "Keys by what they encrypt: what other modules take as their key."
  value       = { for name, key in google_kms_crypto_key.this : name => key.id }

  # Who uses a key's id fails where the service agent may not use the key yet.
  depends_on = [google_kms_crypto_key_iam_member.user]
}
