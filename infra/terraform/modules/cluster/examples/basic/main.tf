# Autopilot, the cheapest way to begin: nothing runs that no pod asked for.
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
}

output "endpoint" {
  description = "Where kubectl asks."
  value       = module.cluster.endpoint
}
