# A key ring cannot be deleted from a project: one that was removed from the state is taken in again
# by `terraform import`, and not made a second time.
resource "google_kms_key_ring" "this" {
  project  = var.project_id
  name     = var.name
  location = var.region
}

resource "google_kms_crypto_key" "this" {
  for_each = var.keys

  name                       = "${var.name}-${each.key}"
  key_ring                   = google_kms_key_ring.this.id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = var.rotation_period
  destroy_scheduled_duration = "2592000s" # 30 days in which a destroyed version can be restored
  labels                     = var.labels

  # With the key, all that it encrypted is gone for good.
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "user" {
  for_each = merge([
    for key, members in var.keys : { for index, member in members : "${key}-${index}" => { key = key, member = member } }
  ]...)

  crypto_key_id = google_kms_crypto_key.this[each.value.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value.member
}
