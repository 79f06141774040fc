terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

# Budgets belong to the billing account: calls must be counted for a project.
provider "google" {
  project               = "fraud-dev-1234"
  region                = "europe-west3"
  billing_project       = "fraud-dev-1234"
  user_project_override = true
}

module "budget" {
  source = "../.."

  project_id      = "fraud-dev-1234"
  billing_account = "012345-6789AB-CDEF01"
  amount          = 500
}

output "name" {
  description = "Name of the budget."
  value       = module.budget.name
}
