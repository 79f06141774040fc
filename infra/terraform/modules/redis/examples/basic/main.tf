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

module "redis" {
  source = "../.."

  project_id                  = "fraud-dev-1234"
  region                      = "europe-west3"
  network_id                  = "projects/fraud-dev-1234/global/networks/phasegate"
  private_services_connection = "projects/fraud-dev-1234/global/networks/phasegate:servicenetworking.googleapis.com"
  auth_secret                 = "projects/fraud-dev-1234/secrets/phasegate-redis-auth"
}

output "host" {
  description = "What clients connect to, with TLS."
  value       = module.redis.host
}
