# Kubeflow Pipelines for one team, pinned by commit, from its kustomization `platform-agnostic`:
# README.md says why that one. Each object is in the plan.
locals {
  namespace = "kubeflow"
  is_remote = startswith(var.release.source, "https://")

  folders = {
    for name in ["env/platform-agnostic", "base/pipeline/cluster-scoped", "third-party/argo/installs/namespace/cluster-scoped"] :
    name => (local.is_remote
      ? "${var.release.source}//manifests/kustomize/${name}?timeout=300s&ref=${var.release.commit}"
    : "${var.release.source}/manifests/kustomize/${name}")
  }

  accounts = {
    for key, email in var.service_accounts : split("/", key)[1] => email
    if startswith(key, "${local.namespace}/")
  }

  # The cache of pipelines of the first version, which are refused: its deployer may approve
  # certificates of the whole cluster. Steps of today's pipelines are cached by their driver.
  left_out = {
    Deployment     = ["cache-deployer-deployment", "cache-server"]
    Role           = ["kubeflow-pipelines-cache-deployer-role", "kubeflow-pipelines-cache-role"]
    RoleBinding    = ["kubeflow-pipelines-cache-binding", "kubeflow-pipelines-cache-deployer-rolebinding"]
    Service        = ["cache-server"]
    ServiceAccount = ["kubeflow-pipelines-cache"]
  }

  # Without requests Autopilot gives each container half a core and 2 GiB.
  requests = {
    metadata-envoy-deployment     = { cpu = "50m", memory = "128Mi" }
    metadata-grpc-deployment      = { cpu = "50m", memory = "256Mi" }
    metadata-writer               = { cpu = "50m", memory = "256Mi" }
    ml-pipeline-scheduledworkflow = { cpu = "50m", memory = "128Mi" }
    ml-pipeline-viewer-crd        = { cpu = "50m", memory = "128Mi" }
  }
}

resource "kubernetes_namespace_v1" "this" {
  metadata {
    name = local.namespace
    labels = {
      "app.kubernetes.io/managed-by"       = "terraform"
      "pod-security.kubernetes.io/enforce" = "baseline"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
  }

  # With it run history, schedules and disks would go.
  lifecycle {
    prevent_destroy = true
  }
}

data "kustomization_overlay" "definitions" {
  resources = [
    local.folders["base/pipeline/cluster-scoped"],
    local.folders["third-party/argo/installs/namespace/cluster-scoped"],
  ]
}

data "kustomization_overlay" "pipelines" {
  resources = [local.folders["env/platform-agnostic"]]
  namespace = local.namespace

  dynamic "patches" {
    for_each = merge([for kind, names in local.left_out : { for name in names : "${kind}/${name}" => { kind = kind, name = name } }]...)

    content {
      target {
        kind = patches.value.kind
        name = "^${patches.value.name}$"
      }

      patch = yamlencode({
        "$patch"   = "delete"
        apiVersion = "v1"
        kind       = patches.value.kind
        metadata   = { name = patches.value.name }
      })
    }
  }

  dynamic "patches" {
    for_each = local.requests

    content {
      target {
        kind = "Deployment"
        name = "^${patches.key}$"
      }

      patch = jsonencode([{ op = "add", path = "/spec/template/spec/containers/0/resources", value = { requests = patches.value } }])
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

  # Artifacts lie in the bucket. What Kubeflow Pipelines keep for themselves stays in the cluster.
  patches {
    target {
      kind = "ConfigMap"
      name = "^kfp-launcher$"
    }

    patch = jsonencode([{ op = "add", path = "/data/defaultPipelineRoot", value = var.pipeline_root }])
  }

  patches {
    target {
      kind = "ConfigMap"
      name = "^pipeline-install-config$"
    }

    patch = jsonencode([
      { op = "add", path = "/data/defaultPipelineRoot", value = var.pipeline_root },
      { op = "add", path = "/data/BLOCK_V1_PIPELINES", value = "true" },
    ])
  }

  dynamic "patches" {
    for_each = var.storage_class == "" ? [] : [var.storage_class]

    content {
      target {
        kind = "PersistentVolumeClaim"
      }

      patch = jsonencode([{ op = "add", path = "/spec/storageClassName", value = patches.value }])
    }
  }
}

# What is lost with its object: definitions, with which runs and schedules go, and disks.
resource "kustomization_resource" "definition" {
  for_each = data.kustomization_overlay.definitions.ids

  manifest = data.kustomization_overlay.definitions.manifests[each.value]

  lifecycle {
    prevent_destroy = true
  }
}

resource "kustomization_resource" "disk" {
  for_each = toset([for id in data.kustomization_overlay.pipelines.ids : id if split("/", id)[1] == "PersistentVolumeClaim"])

  manifest = data.kustomization_overlay.pipelines.manifests[each.value]

  depends_on = [kubernetes_namespace_v1.this]

  lifecycle {
    prevent_destroy = true
  }
}

resource "kustomization_resource" "this" {
  for_each = toset([for id in data.kustomization_overlay.pipelines.ids : id if split("/", id)[1] != "PersistentVolumeClaim"])

  manifest = (split("/", each.value)[1] == "Secret"
    ? sensitive(data.kustomization_overlay.pipelines.manifests[each.value])
    : data.kustomization_overlay.pipelines.manifests[each.value]
  )
  wait = true

  timeouts {
    create = "15m"
    update = "15m"
  }

  depends_on = [kustomization_resource.definition, kustomization_resource.disk]
}
