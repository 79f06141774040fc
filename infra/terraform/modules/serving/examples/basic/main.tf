terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    kustomization = {
      source  = "kbst/kustomization"
      version = "~> 0.9.8"
    }
  }
}

provider "kustomization" {
  kubeconfig_path = "~/.kube/config"
}

module "serving" {
  source = "../.."

  model    = "card-fraud"
  hostname = "card-fraud.example.com"
  size     = "dev"
  store    = "gs://fraud-dev-1234-phasegate-artifacts/phasegate"
  log      = "gs://fraud-dev-1234-phasegate-log/phasegate"
  images = {
    core  = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/core@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    drift = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/drift@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
  service_accounts = {
    "phasegate/phasegate-predictor" = "phasegate-predictor@fraud-dev-1234.iam.gserviceaccount.com"
    "phasegate/phasegate-guard"     = "phasegate-guard@fraud-dev-1234.iam.gserviceaccount.com"
  }
  gateway = {
    namespace      = "gateway"
    name           = "inference"
    proxies_run_in = "envoy-gateway-system"
  }
  registry = {
    url       = "https://mlflow.mlflow.svc"
    namespace = "mlflow"
    port      = 5000
    secret    = "mlflow-client"
    key       = "ca.crt"
  }
}
