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

module "buckets" {
  source = "../.."

  project_id           = "fraud-dev-1234"
  region               = "europe-west3"
  audit_retention_days = 90
  log_retention_days   = 90
  log_delete_days      = 180
}

output "store" {
  description = "Store of models and releases."
  value       = module.buckets.store
}
