output "bucket" {
  description = "Id of the log bucket, projects/PROJECT/locations/REGION/buckets/BUCKET."
  value       = google_logging_project_bucket_config.audit.id
}

output "services" {
  description = "Services whose data is logged, and which accesses to it."
  value = {
    for service, what in local.logged :
    service => compact([what.reads ? "DATA_READ" : "", what.writes ? "DATA_WRITE" : ""])
  }
}
