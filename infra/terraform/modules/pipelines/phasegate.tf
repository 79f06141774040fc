# Who steps and workers of this project are: kserve_manifests/optional/pipelines and optional/training.
locals {
  manifests = "${path.module}/../../../../kserve_manifests"
  core      = split("@", var.images["core"])
}

data "kustomization_overlay" "phasegate" {
  resources = concat(
    ["${local.manifests}/optional/pipelines"],
    var.training ? ["${local.manifests}/optional/training"] : [],
  )

  images {
    name     = "phasegate/core"
    new_name = local.core[0]
    digest   = local.core[1]
  }

  dynamic "patches" {
    for_each = local.accounts

    content {
      target {
        kind = "ServiceAccount"
        name = "^${patches.key}$"
      }

      patch = jsonencode([{ op = "add", path = "/metadata/annotations", value = { "iam.gke.io/gcp-service-account" = patches.value } }])
    }
  }
}

resource "kustomization_resource" "phasegate" {
  for_each = data.kustomization_overlay.phasegate.ids

  manifest = data.kustomization_overlay.phasegate.manifests[each.value]

  depends_on = [kubernetes_namespace_v1.this]
}
