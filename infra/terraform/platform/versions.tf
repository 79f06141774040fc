terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "= 3.1.2"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "= 3.2.1"
    }
    kustomization = {
      source  = "kbst/kustomization"
      version = "= 0.9.8"
    }
  }
}
