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

module "secrets" {
  source = "../.."

  project_id = "fraud-dev-1234"
  region     = "europe-west3"
  secrets = {
    log-key = {
      purpose       = "Key that entities are hashed with in the prediction log (optional/hashed_entities)."
      accessors     = ["serviceAccount:phasegate-predictor@fraud-dev-1234.iam.gserviceaccount.com"]
      rotation_days = 365
    }
  }
}

output "ids" {
  description = "Secrets by name."
  value       = module.secrets.ids
}
