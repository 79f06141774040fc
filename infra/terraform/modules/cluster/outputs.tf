output "name" {
  description = "Name of the cluster."
  value       = google_container_cluster.this.name
}

output "location" {
  description = "Region of the cluster."
  value       = google_container_cluster.this.location
}

output "id" {
  description = "Cluster, as projects/PROJECT/locations/REGION/clusters/NAME."
  value       = google_container_cluster.this.id
}

output "endpoint" {
  description = "The control plane's DNS name, without https://. Its certificate is signed by a public authority: do not give a provider `ca_certificate` with it."
  value       = google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint
}

output "private_endpoint" {
  description = "The control plane's private address, for authorized networks; its certificate is signed by `ca_certificate`."
  value       = google_container_cluster.this.private_cluster_config[0].private_endpoint
}

output "ca_certificate" {
  description = "Certificate of the cluster's own authority, in base64, for use with `private_endpoint`."
  value       = google_container_cluster.this.master_auth[0].cluster_ca_certificate
}

output "workload_pool" {
  description = "Pool of the pods' identities. It is there once the cluster is: bindings that name it depend on this output."
  value       = google_container_cluster.this.workload_identity_config[0].workload_pool
}

output "node_service_account" {
  description = "Account of the nodes, as an e-mail address."
  value       = google_service_account.node.email
}

output "mode" {
  description = "Mode of the cluster."
  value       = var.mode
}
