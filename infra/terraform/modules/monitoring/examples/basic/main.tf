terraform {
  required_version = ">= 1.11, < 2.0"

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

module "monitoring" {
  source = "../.."

  project_id = "fraud-dev-1234"
  emails     = ["fraud-oncall@example.com"]

  slack = {
    channel = "#fraud-oncall"
    secret  = "projects/fraud-dev-1234/secrets/phasegate-slack-token"
    version = 1
  }
}

output "policies" {
  description = "What is watched."
  value       = keys(module.monitoring.policies)
}
