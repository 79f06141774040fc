resource "kubernetes_network_policy_v1" "default_deny" {
  metadata {
    name      = "mlflow-default-deny"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {}
  }
}

resource "kubernetes_network_policy_v1" "this" {
  metadata {
    name      = "mlflow"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {
      match_labels = { "app.kubernetes.io/name" = "mlflow" }
    }

    dynamic "ingress" {
      for_each = var.clients

      content {
        from {
          namespace_selector {
            match_labels = { "kubernetes.io/metadata.name" = ingress.key }
          }

          pod_selector {
            match_labels = ingress.value
          }
        }

        ports {
          protocol = "TCP"
          port     = local.port
        }
      }
    }

    # Names: the cluster's own, by a node's cache, and Cloud DNS by the metadata server.
    egress {
      to {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = "kube-system" }
        }
      }

      dynamic "to" {
        for_each = ["169.254.20.10/32", "169.254.169.254/32"]

        content {
          ip_block {
            cidr = to.value
          }
        }
      }

      ports {
        protocol = "UDP"
        port     = 53
      }

      ports {
        protocol = "TCP"
        port     = 53
      }
    }

    # The database's own proxy, behind its private address.
    egress {
      to {
        ip_block {
          cidr = "${var.database.private_ip}/32"
        }
      }

      ports {
        protocol = "TCP"
        port     = 3307
      }
    }

    # Cloud Storage and the Cloud SQL API, whose addresses change.
    egress {
      ports {
        protocol = "TCP"
        port     = 443
      }
    }

    # The metadata server, which gives the Google identity (80 and 988).
    egress {
      dynamic "to" {
        for_each = ["169.254.169.252/32", "169.254.169.254/32"]

        content {
          ip_block {
            cidr = to.value
          }
        }
      }

      ports {
        protocol = "TCP"
        port     = 80
      }

      ports {
        protocol = "TCP"
        port     = 988
      }
    }
  }
}
