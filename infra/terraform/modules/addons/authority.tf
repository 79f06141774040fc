# An authority of the cluster's own, for what talks inside it. Its key never leaves the cluster, and is
# in no state.
locals {
  issuer = var.gateway.issuer == "" ? "phasegate" : var.gateway.issuer
}

resource "kustomization_resource" "authority" {
  for_each = {
    self_signed = {
      apiVersion = "cert-manager.io/v1"
      kind       = "ClusterIssuer"
      metadata   = { name = "phasegate-self-signed" }
      spec       = { selfSigned = {} }
    }
    certificate = {
      apiVersion = "cert-manager.io/v1"
      kind       = "Certificate"
      metadata   = { name = "phasegate-authority", namespace = "cert-manager" }
      spec = {
        isCA       = true
        commonName = "phasegate"
        # Five years, renewed a year before their end with the same key: what clients know stays true.
        duration    = "43800h"
        renewBefore = "8760h"
        secretName  = "phasegate-authority"
        privateKey  = { algorithm = "ECDSA", size = 256, rotationPolicy = "Never" }
        issuerRef   = { kind = "ClusterIssuer", name = "phasegate-self-signed" }
      }
    }
    issuer = {
      apiVersion = "cert-manager.io/v1"
      kind       = "ClusterIssuer"
      metadata   = { name = "phasegate" }
      spec       = { ca = { secretName = "phasegate-authority" } }
    }
  }

  manifest = jsonencode(each.value)

  depends_on = [helm_release.cert_manager]
}
