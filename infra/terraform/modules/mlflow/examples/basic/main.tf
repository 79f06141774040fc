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

module "mlflow" {
  source = "../.."

  project_id                  = "fraud-dev-1234"
  region                      = "europe-west3"
  network_id                  = "projects/fraud-dev-1234/global/networks/phasegate"
  private_services_connection = "projects/fraud-dev-1234/global/networks/phasegate:servicenetworking.googleapis.com"
  service_account_email       = "phasegate-mlflow@fraud-dev-1234.iam.gserviceaccount.com"
}

output "connection_name" {
  description = "What the Auth Proxy connects to."
  value       = module.mlflow.connection_name
}
