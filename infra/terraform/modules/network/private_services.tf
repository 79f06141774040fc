# Cloud SQL and Memorystore live in a network of Google's that is peered with this one.
resource "google_compute_global_address" "private_services" {
  project         = var.project_id
  name            = "${var.name}-private-services"
  description     = "Range of Cloud SQL and Memorystore."
  network         = google_compute_network.this.id
  purpose         = "VPC_PEERING"
  address_type    = "INTERNAL"
  address         = cidrhost(var.private_services_cidr, 0)
  prefix_length   = tonumber(split("/", var.private_services_cidr)[1])
  labels          = var.labels
  deletion_policy = local.deletion_policy
}

resource "google_service_networking_connection" "private_services" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.private_services.name]

  # Google keeps its side for days after the last instance is gone, and refuses to close the connection
  # until then. It goes with the network.
  deletion_policy = var.deletion_protection ? "PREVENT" : "ABANDON"
}
