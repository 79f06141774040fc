terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 3.2"
    }
    kustomization = {
      source  = "kbst/kustomization"
      version = "~> 0.9.8"
    }
  }
}

provider "kubernetes" {
  config_path = "~/.kube/config"
}

provider "kustomization" {
  kubeconfig_path = "~/.kube/config"
}

module "pipelines" {
  source = "../.."

  pipeline_root    = "gs://fraud-dev-1234-phasegate-artifacts/pipelines"
  service_accounts = { "kubeflow/phasegate-pipeline" = "phasegate-pipeline@fraud-dev-1234.iam.gserviceaccount.com" }
  images           = { core = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/core@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
}
