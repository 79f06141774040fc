# What GitHub's accounts may do inside the cluster. Google's IAM lets them reach the control plane and no
# further, so all that they may there is written here. Their name to Kubernetes is their e-mail.
locals {
  labels = { "app.kubernetes.io/part-of" = "phasegate" }
}

# What `kubectl port-forward service/ml-pipeline` asks for, and nothing more. A newer kubectl opens the
# connection by GET (WebSockets), an older one by POST (SPDY): the right is the same one twice.
resource "kubernetes_role_v1" "submit" {
  metadata {
    name      = "phasegate-github-submit"
    namespace = var.pipelines_namespace
    labels    = local.labels
  }

  rule {
    api_groups     = [""]
    resources      = ["services"]
    resource_names = ["ml-pipeline"]
    verbs          = ["get"]
  }

  rule {
    api_groups = [""]
    resources  = ["pods"]
    verbs      = ["get", "list"]
  }

  rule {
    api_groups = [""]
    resources  = ["pods/portforward"]
    verbs      = ["create", "get"]
  }
}

resource "kubernetes_role_binding_v1" "submit" {
  metadata {
    name      = "phasegate-github-submit"
    namespace = var.pipelines_namespace
    labels    = local.labels
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = kubernetes_role_v1.submit.metadata[0].name
  }

  subject {
    api_group = "rbac.authorization.k8s.io"
    kind      = "User"
    name      = var.submit_account
  }
}
