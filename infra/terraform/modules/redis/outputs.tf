output "host" {
  description = "Its address in the network."
  value       = google_redis_instance.this.host
}

output "port" {
  description = "Its port, for TLS."
  value       = google_redis_instance.this.port
}

output "server_ca" {
  description = "Certificates, in PEM, of the authorities that signed its own: the newest and, while they are exchanged, the next. Clients trust all of them and no other."
  value       = [for certificate in google_redis_instance.this.server_ca_certs : certificate.cert]
}

output "auth_secret" {
  description = "Id of the secret whose newest version is the password."
  value       = var.auth_secret

  # So that nobody reads it before there is a version.
  depends_on = [google_secret_manager_secret_version.auth]
}
