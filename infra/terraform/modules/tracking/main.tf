# MLflow's server: tracking and the register of models. Its database knows it by its service account,
# its artifacts are in the bucket, and nothing of it is outside the cluster.
locals {
  namespace = "mlflow"
  port      = 5000
  hosts     = ["mlflow.mlflow.svc", "mlflow.mlflow.svc.cluster.local", "localhost"]
  labels    = { "app.kubernetes.io/name" = "mlflow", "app.kubernetes.io/part-of" = "phasegate" }

  # It logs in as the pod's account, over the private address, and answers this pod alone.
  proxy = [
    "--private-ip",
    "--auto-iam-authn",
    "--structured-logs",
    "--address=127.0.0.1",
    "--port=5432",
    "--health-check",
    "--http-address=0.0.0.0",
    "--http-port=9090",
    var.database.connection_name,
  ]

  # The proxy of the same pod brings identity and encryption; a user's @ is part of its name.
  variables = {
    MLFLOW_BACKEND_STORE_URI = format(
      "postgresql+psycopg2://%s@127.0.0.1:5432/%s?sslmode=disable",
      replace(var.database.user, "@", "%40"), var.database.name,
    )
    MLFLOW_DISABLE_TELEMETRY = "true"
    # It scores traces, of which there are none.
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION = "false"
  }
}

resource "kubernetes_namespace_v1" "this" {
  metadata {
    name = local.namespace
    labels = {
      "app.kubernetes.io/managed-by"       = "terraform"
      "pod-security.kubernetes.io/enforce" = "restricted"
      "pod-security.kubernetes.io/audit"   = "restricted"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
  }
}

resource "kubernetes_service_account_v1" "this" {
  metadata {
    name        = "mlflow"
    namespace   = kubernetes_namespace_v1.this.metadata[0].name
    labels      = local.labels
    annotations = { "iam.gke.io/gcp-service-account" = var.google_service_account }
  }

  # It does not talk to the cluster; GKE's metadata server gives it its Google identity.
  automount_service_account_token = false
}

resource "kustomization_resource" "certificate" {
  manifest = jsonencode({
    apiVersion = "cert-manager.io/v1"
    kind       = "Certificate"
    metadata   = { name = "mlflow", namespace = local.namespace, labels = local.labels }
    spec = {
      secretName = "mlflow-tls"
      dnsNames   = local.hosts
      privateKey = { algorithm = "ECDSA", size = 256, rotationPolicy = "Always" }
      issuerRef  = { kind = "ClusterIssuer", name = var.issuer }
    }
  })

  depends_on = [kubernetes_namespace_v1.this]
}

resource "kubernetes_service_v1" "this" {
  metadata {
    name      = "mlflow"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    type     = "ClusterIP"
    selector = { "app.kubernetes.io/name" = "mlflow" }

    port {
      name        = "https"
      port        = 443
      target_port = "https"
    }
  }
}

resource "kubernetes_pod_disruption_budget_v1" "this" {
  metadata {
    name      = "mlflow"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    # A single pod must not hold up the drain of its node.
    max_unavailable = 1

    selector {
      match_labels = { "app.kubernetes.io/name" = "mlflow" }
    }
  }
}
