output "bucket" {
  description = "Bucket of the state: the line `bucket` of environments/NAME.gcs.tfbackend."
  value       = google_storage_bucket.state.name
}

output "kms_key" {
  description = "Key that encrypts the state; null where it is Google's."
  value       = var.cmek ? module.kms[0].ids["bucket"] : null
}
