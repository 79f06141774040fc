# Values of a file of environments/, for tests: Terraform gives them to no test by itself.
terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

variable "name" {
  description = "Name of the environment."
  type        = string
  nullable    = false
}

locals {
  folder = "${path.module}/../../../environments"
}

output "values" {
  description = "What NAME.tfvars says."
  value       = provider::terraform::decode_tfvars(file("${local.folder}/${var.name}.tfvars"))
}

output "backend" {
  description = "What NAME.gcs.tfbackend says."
  value       = provider::terraform::decode_tfvars(file("${local.folder}/${var.name}.gcs.tfbackend"))
}
