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
  source = "../.."

  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

output "nat_ips" {
  description = "Addresses to let through elsewhere."
  value       = module.network.nat_ips
}
