terraform {
  required_version = ">= 1.9, < 2.0"

  # The state of what keeps the state has nowhere else to go. It holds no secret, and can be had
  # again: see "When the local state is lost" in README.md.
  backend "local" {}

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "= 7.45.0"
    }
  }
}

provider "google" {
  project               = var.project_id
  region                = var.region
  billing_project       = var.project_id
  user_project_override = true
}
