output "ids" {
  description = "Secrets by name, as projects/PROJECT/secrets/SECRET."
  value       = { for key, secret in google_secret_manager_secret.this : key => secret.id }
}

output "names" {
  description = "Secrets by name, as gcloud and the CSI driver name them."
  value       = { for key, secret in google_secret_manager_secret.this : key => secret.secret_id }
}

output "rotation_topic" {
  description = "Topic that reminders are published to; null where nothing is rotated."
  value       = one(google_pubsub_topic.rotation[*].id)
}
