output "repository" {
  description = "Repository, as projects/PROJECT/locations/REGION/repositories/NAME: what roles are granted on."
  value       = google_artifact_registry_repository.this.id
}

output "url" {
  description = "What an image's name begins with: REGION-docker.pkg.dev/PROJECT/NAME."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.this.repository_id}"
}
