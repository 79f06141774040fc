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

module "deployers" {
  source = "../.."

  plan_account           = "phasegate-gh-plan@fraud-dev-1234.iam.gserviceaccount.com"
  submit_account         = "phasegate-gh-submit@fraud-dev-1234.iam.gserviceaccount.com"
  pipelines_namespace    = "kubeflow"
  overlay_namespaces     = ["kubeflow", "phasegate"]
  certificate_namespaces = ["cert-manager", "gateway", "mlflow"]
  release_namespaces     = ["cert-manager", "envoy-gateway-system", "kserve"]
}
