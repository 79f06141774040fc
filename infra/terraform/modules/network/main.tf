locals {
  node_tag            = "${var.name}-node"
  pods_range_name     = "${var.name}-pods"
  services_range_name = "${var.name}-services"

  # Whatever is destroyed with the network is gone for the cluster, the database and everybody who let the
  # NAT's addresses through.
  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"
}

module "ranges" {
  source = "./ranges"

  ranges = {
    nodes_cidr            = var.nodes_cidr
    pods_cidr             = var.pods_cidr
    services_cidr         = var.services_cidr
    private_services_cidr = var.private_services_cidr
    control_plane_cidr    = var.control_plane_cidr

    # Cloud SQL does not answer to these addresses: they are Docker's bridge on its own machines.
    "the bridge of Cloud SQL's machines" = "172.17.0.0/16"
  }
}

resource "google_compute_network" "this" {
  project                 = var.project_id
  name                    = var.name
  description             = "Phasegate: cluster, database and cache. No machine in it has a public address."
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
  deletion_policy         = local.deletion_policy

  lifecycle {
    precondition {
      condition     = length(module.ranges.overlaps) == 0
      error_message = "Ranges share addresses: ${join("; ", module.ranges.overlaps)}. Move one of each pair."
    }
  }
}

resource "google_compute_subnetwork" "this" {
  project                  = var.project_id
  region                   = var.region
  name                     = "${var.name}-nodes"
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.nodes_cidr
  private_ip_google_access = true # Cloud Storage and the registry without the NAT
  stack_type               = "IPV4_ONLY"
  deletion_policy          = local.deletion_policy

  secondary_ip_range {
    range_name    = local.pods_range_name
    ip_cidr_range = var.pods_cidr
  }

  secondary_ip_range {
    range_name    = local.services_range_name
    ip_cidr_range = var.services_cidr
  }

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = var.flow_log_sampling
    metadata             = "INCLUDE_ALL_METADATA"
  }
}
