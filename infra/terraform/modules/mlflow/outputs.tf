output "instance" {
  description = "Name of the instance."
  value       = google_sql_database_instance.this.name
}

output "connection_name" {
  description = "PROJECT:REGION:INSTANCE, as the Auth Proxy takes it."
  value       = google_sql_database_instance.this.connection_name
}

output "private_ip" {
  description = "Its address in the network. Only the Auth Proxy is answered there."
  value       = google_sql_database_instance.this.private_ip_address
}

output "database" {
  description = "Name of the database."
  value       = google_sql_database.mlflow.name
}

output "user" {
  description = "User to log in as, through the Auth Proxy with --auto-iam-authn."
  value       = google_sql_user.mlflow.name
}
