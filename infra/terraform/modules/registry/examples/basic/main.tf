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

module "registry" {
  source = "../.."

  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

output "url" {
  description = "What the names of images begin with."
  value       = module.registry.url
}
