# Node pools of one's own: two that are always there, one for training that is mostly empty, and one of
# spot nodes for whoever tolerates to be moved.
terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

provider "google" {
  project = "fraud-dev-1234"
  region  = "europe-west3"
}

module "network" {
  source = "../../../network"

  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

module "registry" {
  source = "../../../registry"

  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

module "cluster" {
  source = "../.."

  project_id          = "fraud-dev-1234"
  region              = "europe-west3"
  network_id          = module.network.network_id
  subnet_id           = module.network.subnet_id
  pods_range_name     = module.network.pods_range_name
  services_range_name = module.network.services_range_name
  control_plane_cidr  = module.network.control_plane_cidr
  node_tag            = module.network.node_tag
  max_nodes           = module.network.max_nodes
  image_repositories  = { phasegate = module.registry.repository }
  mode                = "standard"

  node_pools = {
    system = {
      machine_type = "e2-standard-4"
      min_nodes    = 3
      max_nodes    = 9
    }
    large = {
      machine_type = "e2-standard-16"
      min_nodes    = 0
      max_nodes    = 4
      disk_gb      = 200
      labels       = { "phasegate/pool" = "large" }
      taints       = [{ key = "phasegate/pool", value = "large" }]
    }
    spot = {
      machine_type = "e2-standard-8"
      min_nodes    = 0
      max_nodes    = 10
      spot         = true
      labels       = { "phasegate/pool" = "spot" }
      taints       = [{ key = "phasegate/pool", value = "spot" }]
    }
  }

  maintenance_exclusions = {
    christmas = { start_time = "2026-12-18T00:00:00Z", end_time = "2027-01-04T00:00:00Z" }
  }
}

output "endpoint" {
  description = "Where kubectl asks."
  value       = module.cluster.endpoint
}
