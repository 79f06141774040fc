# What a plan of the second root asks for: `get` of what is there, and a dry run (create or patch) of
# what kustomize's provider would change. Never named here: the kinds of admission itself, which no policy
# covers, and anything that a Secret is not for.
locals {
  plan = "phasegate-github-plan"

  # Kinds by API group. Of the whole cluster; of the overlays' namespaces; of those that have certificates
  # and the Gateway alone.
  cluster_kinds = {
    ""                          = ["namespaces"]
    "apiextensions.k8s.io"      = ["customresourcedefinitions"]
    "cert-manager.io"           = ["clusterissuers"]
    "gateway.networking.k8s.io" = ["gatewayclasses"]
    "scheduling.k8s.io"         = ["priorityclasses"]
    "serving.kserve.io"         = ["clusterstoragecontainers"]
  }
  overlay_kinds = {
    ""                          = ["configmaps", "persistentvolumeclaims", "serviceaccounts", "services"]
    "apps"                      = ["deployments"]
    "cert-manager.io"           = ["certificates"]
    "gateway.networking.k8s.io" = ["httproutes"]
    "monitoring.coreos.com"     = ["podmonitors", "prometheusrules"]
    "monitoring.googleapis.com" = ["podmonitorings", "rules"]
    "networking.k8s.io"         = ["networkpolicies"]
    "policy"                    = ["poddisruptionbudgets"]
    "rbac.authorization.k8s.io" = ["rolebindings", "roles"]
    "serving.kserve.io"         = ["inferenceservices", "servingruntimes"]
    "trainer.kubeflow.org"      = ["trainingruntimes"]
  }
  certificate_kinds = {
    "cert-manager.io"           = ["certificates"]
    "gateway.envoyproxy.io"     = ["envoyproxies"]
    "gateway.networking.k8s.io" = ["gateways"]
  }

  # Read, and never tried: what Terraform's own provider makes, which plans without asking. Its kinds in
  # the overlays' namespaces are above.
  read_kinds = {
    ""                             = ["serviceaccounts", "services"]
    "admissionregistration.k8s.io" = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"]
    "apps"                         = ["deployments"]
    "networking.k8s.io"            = ["networkpolicies"]
    "policy"                       = ["poddisruptionbudgets"]
    "rbac.authorization.k8s.io"    = ["clusterrolebindings", "clusterroles", "rolebindings", "roles"]
  }

  # RoleBindings by the ClusterRole that they give within their namespace.
  bindings = merge(
    { for name in var.overlay_namespaces : "overlay ${name}" => { namespace = name, role = kubernetes_cluster_role_v1.overlay.metadata[0].name } },
    { for name in var.certificate_namespaces : "certificate ${name}" => { namespace = name, role = kubernetes_cluster_role_v1.certificate.metadata[0].name } },
    { for name in var.release_namespaces : "release ${name}" => { namespace = name, role = kubernetes_cluster_role_v1.release.metadata[0].name } },
  )
}

resource "kubernetes_cluster_role_v1" "cluster" {
  metadata {
    name   = local.plan
    labels = local.labels
  }

  dynamic "rule" {
    for_each = local.cluster_kinds

    content {
      api_groups = [rule.key]
      resources  = rule.value
      verbs      = ["create", "get", "patch"]
    }
  }

  dynamic "rule" {
    for_each = local.read_kinds

    content {
      api_groups = [rule.key]
      resources  = rule.value
      verbs      = ["get"]
    }
  }
}

# Whoever tries a Role must hold what is in it, or be let past that: in a dry run, and in these namespaces.
resource "kubernetes_cluster_role_v1" "overlay" {
  metadata {
    name   = "${local.plan}-overlay"
    labels = local.labels
  }

  dynamic "rule" {
    for_each = local.overlay_kinds

    content {
      api_groups = [rule.key]
      resources  = rule.value
      verbs      = ["create", "get", "patch"]
    }
  }

  rule {
    api_groups = ["rbac.authorization.k8s.io"]
    resources  = ["roles"]
    verbs      = ["bind", "escalate"]
  }

  depends_on = [kustomization_resource.policy_binding]
}

resource "kubernetes_cluster_role_v1" "certificate" {
  metadata {
    name   = "${local.plan}-certificate"
    labels = local.labels
  }

  dynamic "rule" {
    for_each = local.certificate_kinds

    content {
      api_groups = [rule.key]
      resources  = rule.value
      verbs      = ["create", "get", "patch"]
    }
  }
}

# Helm finds its releases by their labels, in ConfigMaps: beside them, a namespace's Secrets hold keys
# that nobody who plans shall see, and who may list some may list all.
resource "kubernetes_cluster_role_v1" "release" {
  metadata {
    name   = "${local.plan}-release"
    labels = local.labels
  }

  rule {
    api_groups = [""]
    resources  = ["configmaps"]
    verbs      = ["get", "list"]
  }
}

# Two Secrets are part of what is applied; what is in them is published with Kubeflow Pipelines.
resource "kubernetes_role_v1" "plan_secrets" {
  metadata {
    name      = "${local.plan}-secrets"
    namespace = var.pipelines_namespace
    labels    = local.labels
  }

  rule {
    api_groups     = [""]
    resources      = ["secrets"]
    resource_names = var.pipelines_secrets
    verbs          = ["get", "patch"]
  }
}

# No right before what holds it to dry runs; and none after.
resource "kubernetes_cluster_role_binding_v1" "plan" {
  metadata {
    name   = local.plan
    labels = local.labels
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = kubernetes_cluster_role_v1.cluster.metadata[0].name
  }

  subject {
    api_group = "rbac.authorization.k8s.io"
    kind      = "User"
    name      = var.plan_account
  }

  depends_on = [kustomization_resource.policy_binding]
}

resource "kubernetes_role_binding_v1" "plan" {
  for_each = local.bindings

  metadata {
    name      = each.value.role
    namespace = each.value.namespace
    labels    = local.labels
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = each.value.role
  }

  subject {
    api_group = "rbac.authorization.k8s.io"
    kind      = "User"
    name      = var.plan_account
  }

  depends_on = [kustomization_resource.policy_binding]
}

resource "kubernetes_role_binding_v1" "plan_secrets" {
  metadata {
    name      = "${local.plan}-secrets"
    namespace = var.pipelines_namespace
    labels    = local.labels
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = kubernetes_role_v1.plan_secrets.metadata[0].name
  }

  subject {
    api_group = "rbac.authorization.k8s.io"
    kind      = "User"
    name      = var.plan_account
  }

  depends_on = [kustomization_resource.policy_binding]
}
