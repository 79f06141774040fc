# Nodes have no public address. What they fetch from outside Google (charts, base images, a data source)
# leaves by these addresses; nothing comes in by them.
resource "google_compute_router" "this" {
  project = var.project_id
  region  = var.region
  name    = "${var.name}-nat"
  network = google_compute_network.this.id
}

resource "google_compute_address" "nat" {
  count = var.nat_addresses

  project         = var.project_id
  region          = var.region
  name            = "${var.name}-nat-${count.index}"
  description     = "Egress of the cluster."
  labels          = var.labels
  deletion_policy = local.deletion_policy

  # An address that the NAT still uses cannot be deleted.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_router_nat" "this" {
  project                             = var.project_id
  region                              = var.region
  name                                = "${var.name}-nat"
  router                              = google_compute_router.this.name
  nat_ip_allocate_option              = "MANUAL_ONLY"
  nat_ips                             = google_compute_address.nat[*].self_link
  source_subnetwork_ip_ranges_to_nat  = "LIST_OF_SUBNETWORKS"
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false # not together with ports that grow by need
  min_ports_per_vm                    = 64
  max_ports_per_vm                    = 8192

  subnetwork {
    name                    = google_compute_subnetwork.this.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY" # ports that ran out
  }
}
