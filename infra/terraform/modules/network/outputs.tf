output "network_id" {
  description = "Network, as projects/PROJECT/global/networks/NAME."
  value       = google_compute_network.this.id
}

output "network_name" {
  description = "Name of the network."
  value       = google_compute_network.this.name
}

output "subnet_id" {
  description = "Subnet of the nodes, as projects/PROJECT/regions/REGION/subnetworks/NAME."
  value       = google_compute_subnetwork.this.id
}

output "subnet_name" {
  description = "Name of that subnet."
  value       = google_compute_subnetwork.this.name
}

output "pods_range_name" {
  description = "Name of the subnet's range of pods."
  value       = local.pods_range_name

  depends_on = [google_compute_subnetwork.this]
}

output "services_range_name" {
  description = "Name of the subnet's range of Services."
  value       = local.services_range_name

  depends_on = [google_compute_subnetwork.this]
}

output "control_plane_cidr" {
  description = "Range of the control plane, which webhooks are called from."
  value       = var.control_plane_cidr
}

output "node_tag" {
  description = "Network tag by which the firewall knows nodes; the cluster puts it on them."
  value       = local.node_tag
}

output "max_nodes" {
  description = "Nodes that the ranges have room for."
  value       = var.max_nodes
}

output "private_services_connection" {
  description = "The connection to Cloud SQL's and Memorystore's network. What is made in there depends on it."
  value       = google_service_networking_connection.private_services.id
}

output "private_services_range_name" {
  description = "Name of the range that Cloud SQL and Memorystore take their addresses from."
  value       = google_compute_global_address.private_services.name
}

output "nat_ips" {
  description = "Public addresses that egress leaves by, for other people's firewalls."
  value       = google_compute_address.nat[*].address
}
