# The same bucket as the first root's state, beside it: `init -backend-config=../environments/NAME.gcs.tfbackend`.
terraform {
  backend "gcs" {
    prefix = "platform"
  }
}

data "terraform_remote_state" "cloud" {
  backend = "gcs"

  config = {
    bucket = var.state_bucket
    prefix = "cloud"
  }
}

locals {
  cloud = data.terraform_remote_state.cloud.outputs
}
