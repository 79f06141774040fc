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

module "tracking" {
  source = "../.."

  image = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/tracking@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  database = {
    connection_name = "fraud-dev-1234:europe-west3:phasegate-mlflow"
    name            = "mlflow"
    user            = "phasegate-mlflow@fraud-dev-1234.iam"
    private_ip      = "10.20.0.3"
  }
  artifacts              = "gs://fraud-dev-1234-phasegate-artifacts/mlflow"
  google_service_account = "phasegate-mlflow@fraud-dev-1234.iam.gserviceaccount.com"
  issuer                 = "phasegate"
  clients = {
    kubeflow  = {}
    phasegate = { "app.kubernetes.io/name" = "phasegate-guard" }
  }
}
