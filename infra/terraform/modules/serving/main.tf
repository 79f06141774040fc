# One model on KServe: kserve_manifests, with this installation's settings. What a release writes
# (routes' rules, slots' models) is not written here, so that it may be applied again at any time.
locals {
  # Folders, not values: relative, as kustomize wants them.
  manifests = "${path.module}/../../../../kserve_manifests"

  settings = merge(yamldecode(file("${local.manifests}/settings/settings.yaml")).data, {
    model                = var.model
    store                = var.store
    log                  = var.log
    registry             = var.registry.url
    gateway              = var.gateway.name
    gateway-namespace    = var.gateway.namespace
    hostname             = var.hostname
    monitoring-namespace = var.monitoring_namespace
    pipelines-namespace  = var.pipelines_namespace
  })

  images = { for name, image in var.images : name => split("@", image) }

  accounts = {
    for key, email in var.service_accounts : split("/", key)[1] => email
    if startswith(key, "${var.namespace}/")
  }
}

# kustomize generates before components run: `naming` finds the settings that are generated here, and
# the folder settings/ is not needed. Patches and the namespace come after components.
data "kustomization_overlay" "this" {
  resources = ["${local.manifests}/modes/gateway"]
  components = concat(
    ["${path.module}/namespace", "${local.manifests}/sizes/${var.size}", "${local.manifests}/naming"],
    var.managed_prometheus ? ["${local.manifests}/optional/managed_prometheus/gateway"] : [],
  )
  namespace    = var.namespace
  transformers = ["${path.module}/cluster_scoped"]

  config_map_generator {
    name     = "phasegate"
    literals = [for key, value in local.settings : "${key}=${value}"]

    options {
      disable_name_suffix_hash = true
    }
  }

  config_map_generator {
    name     = "phasegate-monitoring"
    behavior = "replace"
    literals = ["monitoring.json=${trimspace(var.monitoring)}\n"]

    options {
      disable_name_suffix_hash = true
    }
  }

  dynamic "images" {
    for_each = local.images

    content {
      name     = "phasegate/${images.key}"
      new_name = images.value[0]
      digest   = images.value[1]
    }
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

  dynamic "patches" {
    for_each = local.patches

    content {
      target {
        kind = patches.value.kind
        name = "^${patches.value.name}$"
      }

      patch = jsonencode(patches.value.operations)
    }
  }
}

# What is lost for good, or takes a model away that is being asked, is never destroyed by terraform:
# the namespace, and the slots and the route within it.
resource "kustomization_resource" "namespace" {
  for_each = toset([for id in data.kustomization_overlay.this.ids : id if split("/", id)[1] == "Namespace"])

  manifest = data.kustomization_overlay.this.manifests[each.value]

  lifecycle {
    prevent_destroy = true
  }
}

resource "kustomization_resource" "this" {
  for_each = toset([
    for id in data.kustomization_overlay.this.ids : id
    if !contains(["Namespace", "InferenceService", "HTTPRoute"], split("/", id)[1])
  ])

  manifest = data.kustomization_overlay.this.manifests[each.value]

  depends_on = [kustomization_resource.namespace]
}

resource "kustomization_resource" "slot" {
  for_each = toset([
    for id in data.kustomization_overlay.this.ids : id
    if contains(["InferenceService", "HTTPRoute"], split("/", id)[1])
  ])

  manifest = data.kustomization_overlay.this.manifests[each.value]

  depends_on = [kustomization_resource.this]

  lifecycle {
    prevent_destroy = true
  }
}
