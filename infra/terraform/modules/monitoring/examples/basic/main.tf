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

# Read while Terraform runs. Providers that are mocked know no ephemeral resources: where a root's tests
# mock google, hand the token over as an ephemeral variable of the root, TF_VAR_slack_token.
ephemeral "google_secret_manager_secret_version" "slack" {
  secret  = "phasegate-slack"
  version = "1"
}

module "monitoring" {
  source = "../.."

  project_id = "fraud-dev-1234"
  emails     = ["fraud-oncall@example.com"]

  slack       = { channel = "#fraud-oncall", version = 1 }
  slack_token = ephemeral.google_secret_manager_secret_version.slack.secret_data
}

output "policies" {
  description = "What is watched."
  value       = keys(module.monitoring.policies)
}
