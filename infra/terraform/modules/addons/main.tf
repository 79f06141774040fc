locals {
  # What a chart brings is not `restricted` throughout; none of it asks for more than `baseline`.
  namespaces = merge(
    {
      cert-manager            = "restricted"
      envoy-gateway-system    = "baseline"
      kserve                  = "baseline"
      (var.gateway.namespace) = "restricted"
    },
    var.trainer ? { kubeflow-system = "baseline" } : {},
  )
}

resource "kubernetes_namespace_v1" "this" {
  for_each = local.namespaces

  metadata {
    name = each.key
    labels = {
      "app.kubernetes.io/managed-by"       = "terraform"
      "pod-security.kubernetes.io/enforce" = each.value
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
  }
}

resource "helm_release" "cert_manager" {
  name       = "cert-manager"
  namespace  = kubernetes_namespace_v1.this["cert-manager"].metadata[0].name
  repository = "oci://quay.io/jetstack/charts"
  chart      = "cert-manager"
  version    = var.versions.cert_manager

  atomic      = true
  max_history = 5
  timeout     = 600

  values = [yamlencode({
    # Certificates outlive a removal of the chart.
    crds = { enabled = true, keep = true }
    # Autopilot lets nobody write to kube-system, which is the chart's default.
    global          = { leaderElection = { namespace = "cert-manager" } }
    resources       = local.small
    webhook         = { replicaCount = var.replicas, resources = local.small }
    cainjector      = { resources = { requests = { cpu = "50m", memory = "256Mi" }, limits = { memory = "256Mi" } } }
    startupapicheck = { resources = local.small }
  })]
}

# The definitions of InferenceServices are in a chart of their own. With them all InferenceServices
# would go, and with those the models that are being asked.
resource "helm_release" "kserve_crd" {
  name       = "kserve-crd"
  namespace  = kubernetes_namespace_v1.this["kserve"].metadata[0].name
  repository = "oci://ghcr.io/kserve/charts"
  chart      = "kserve-crd"
  version    = var.versions.kserve

  max_history = 5
  timeout     = 600

  lifecycle {
    prevent_destroy = true
  }
}

resource "helm_release" "kserve" {
  name       = "kserve-resources"
  namespace  = kubernetes_namespace_v1.this["kserve"].metadata[0].name
  repository = "oci://ghcr.io/kserve/charts"
  chart      = "kserve-resources"
  version    = var.versions.kserve

  atomic      = true
  max_history = 5
  timeout     = 600

  values = [yamlencode({
    kserve = {
      controller = {
        deploymentMode = "Standard"
        # Phasegate owns the one route: KServe makes none, neither an Ingress nor a VirtualService.
        gateway = { disableIngressCreation = true, disableIstioVirtualHost = true }
        resources = {
          requests = { cpu = "100m", memory = "300Mi" }
          limits   = { cpu = "500m", memory = "512Mi" }
        }
        imagePullPolicy = "IfNotPresent"
      }
      # Models come from the bucket; none is an image.
      storage = { enableModelcar = false }
    }
  })]

  depends_on = [helm_release.cert_manager, helm_release.kserve_crd]
}

resource "helm_release" "envoy_gateway" {
  name       = "envoy-gateway"
  namespace  = kubernetes_namespace_v1.this["envoy-gateway-system"].metadata[0].name
  repository = "oci://docker.io/envoyproxy"
  chart      = "gateway-helm"
  version    = var.versions.envoy_gateway

  atomic      = true
  max_history = 5
  timeout     = 600

  values = [yamlencode({
    deployment = {
      replicas = var.replicas
      envoyGateway = {
        resources = {
          requests = { cpu = "100m", memory = "256Mi" }
          limits   = { memory = "1Gi" }
        }
      }
    }
  })]
}

resource "helm_release" "trainer" {
  count = var.trainer ? 1 : 0

  name       = "kubeflow-trainer"
  namespace  = kubernetes_namespace_v1.this["kubeflow-system"].metadata[0].name
  repository = "oci://ghcr.io/kubeflow/charts"
  chart      = "kubeflow-trainer"
  version    = var.versions.trainer

  atomic      = true
  max_history = 5
  timeout     = 600

  values = [yamlencode({ manager = { resources = local.small } })]
}

locals {
  # Without requests Autopilot gives each container half a core and 2 GiB.
  small = {
    requests = { cpu = "50m", memory = "128Mi" }
    limits   = { memory = "128Mi" }
  }
}
