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
  source = "../../../buckets"

  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

module "identities" {
  source = "../.."

  project_id    = "fraud-dev-1234"
  region        = "europe-west3"
  workload_pool = "fraud-dev-1234.svc.id.goog"
  folders       = module.buckets.folders
  data_sources  = ["fraud-events"]
  sql_instance  = "phasegate-mlflow"
}

output "service_accounts" {
  description = "Google accounts by NAMESPACE/ACCOUNT."
  value       = module.identities.service_accounts
}
