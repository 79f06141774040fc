# Who runs terraform is who talks to the cluster: gke-gcloud-auth-plugin turns his application default
# credentials (on GitHub those of Workload Identity Federation) into a token when one is asked for, and
# none is kept in a plan or a state. The cluster is known from the first root's state, so that a plan
# knows it: that is why there are two roots.
locals {
  token = {
    apiVersion = "client.authentication.k8s.io/v1beta1"
    command    = "gke-gcloud-auth-plugin"
    args       = ["--use_application_default_credentials"]
  }

  # The endpoint by name, whose certificate is signed by an authority that everybody knows.
  host = "https://${local.cloud.cluster.endpoint}"

  kubeconfig = {
    apiVersion      = "v1"
    kind            = "Config"
    current-context = "gke"
    contexts        = [{ name = "gke", context = { cluster = "gke", user = "terraform" } }]
    clusters        = [{ name = "gke", cluster = { server = local.host } }]
    users           = [{ name = "terraform", user = { exec = merge(local.token, { interactiveMode = "Never" }) } }]
  }
}

provider "kubernetes" {
  host        = var.kubeconfig == null ? local.host : null
  config_path = var.kubeconfig

  dynamic "exec" {
    for_each = var.kubeconfig == null ? [local.token] : []

    content {
      api_version = exec.value.apiVersion
      command     = exec.value.command
      args        = exec.value.args
    }
  }
}

# Releases are kept in ConfigMaps: who reads them, as a plan does, need not be let into the Secrets of
# those namespaces, where keys are. By hand: HELM_DRIVER=configmap helm list --all-namespaces.
provider "helm" {
  helm_driver = "configmap"

  kubernetes = {
    host        = var.kubeconfig == null ? local.host : null
    config_path = var.kubeconfig
    exec = var.kubeconfig == null ? {
      api_version = local.token.apiVersion
      command     = local.token.command
      args        = local.token.args
    } : null
  }
}

provider "kustomization" {
  kubeconfig_raw  = var.kubeconfig == null ? yamlencode(local.kubeconfig) : null
  kubeconfig_path = var.kubeconfig
}
