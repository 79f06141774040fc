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

data "google_storage_project_service_account" "this" {}

module "kms" {
  source = "../.."

  project_id = "fraud-dev-1234"
  region     = "europe-west3"
  keys = {
    storage = ["serviceAccount:${data.google_storage_project_service_account.this.email_address}"]
  }
}
