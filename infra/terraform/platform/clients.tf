# Pods know MLflow by the certificate of the cluster's authority: `ca.crt` in this Secret, which
# cert-manager keeps current in each namespace that asks. The Secret's own certificate is not asked for.
locals {
  client = "mlflow-client"
}

resource "kustomization_resource" "client" {
  for_each = {
    pipelines = module.pipelines.namespace
    serving   = module.serving.namespace
  }

  manifest = jsonencode({
    apiVersion = "cert-manager.io/v1"
    kind       = "Certificate"
    metadata   = { name = local.client, namespace = each.value, labels = { "app.kubernetes.io/part-of" = "phasegate" } }
    spec = {
      secretName = local.client
      commonName = local.client
      usages     = ["client auth"]
      privateKey = { algorithm = "ECDSA", size = 256, rotationPolicy = "Always" }
      issuerRef  = { kind = "ClusterIssuer", name = module.addons.issuer }
    }
  })
}

# What steps are told by `kubernetes.config_maps` of the project file: nothing of this installation is
# in a compiled pipeline.
resource "kubernetes_config_map_v1" "steps" {
  metadata {
    name      = "phasegate"
    namespace = module.pipelines.namespace
    labels    = { "app.kubernetes.io/part-of" = "phasegate" }
  }

  data = {
    store              = local.cloud.store
    tracking-address   = module.tracking.url
    tracking-authority = "/etc/mlflow/ca.crt"
  }
}
