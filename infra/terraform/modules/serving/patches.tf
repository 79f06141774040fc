# What differs on this platform from what the manifests take for granted.
locals {
  authority = "/etc/phasegate/registry/${var.registry.key}"

  patches = [
    {
      # Envoy Gateway runs its proxies in a namespace of its own, not in the Gateway's.
      kind = "NetworkPolicy"
      name = "phasegate-requests"
      operations = [{
        op    = "replace"
        path  = "/spec/ingress/0/from/0/namespaceSelector/matchLabels/kubernetes.io~1metadata.name"
        value = var.gateway.proxies_run_in
      }]
    },
    {
      # Cloud DNS answers at the metadata server's address.
      kind = "NetworkPolicy"
      name = "phasegate-dns"
      operations = [{
        op    = "add"
        path  = "/spec/egress/0/to/-"
        value = { ipBlock = { cidr = "169.254.169.254/32" } }
      }]
    },
    {
      # The guard lets MLflow's aliases follow the end of a release.
      kind = "NetworkPolicy"
      name = "phasegate-guard"
      operations = [{
        op   = "add"
        path = "/spec/egress/-"
        value = {
          to    = [{ namespaceSelector = { matchLabels = { "kubernetes.io/metadata.name" = var.registry.namespace } } }]
          ports = [{ protocol = "TCP", port = var.registry.port }]
        }
      }]
    },
    {
      kind = "Deployment"
      name = "phasegate-guard"
      operations = [
        {
          op   = "add"
          path = "/spec/template/spec/volumes/-"
          value = {
            name   = "registry"
            secret = { secretName = var.registry.secret, defaultMode = 288, items = [{ key = var.registry.key, path = var.registry.key }] }
          }
        },
        {
          op    = "add"
          path  = "/spec/template/spec/containers/0/volumeMounts/-"
          value = { name = "registry", mountPath = dirname(local.authority), readOnly = true }
        },
        {
          op    = "add"
          path  = "/spec/template/spec/containers/0/env/-"
          value = { name = "MLFLOW_TRACKING_SERVER_CERT_PATH", value = local.authority }
        },
      ]
    },
  ]
}
