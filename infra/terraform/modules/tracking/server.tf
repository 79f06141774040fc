resource "kubernetes_deployment_v1" "this" {
  # checkov:skip=CKV_K8S_14: images are variables, whose validation asks for a digest or a whole version
  # checkov:skip=CKV_K8S_15: a digest is never another image, and the server must start while the registry is down
  # checkov:skip=CKV_K8S_43: the server's image is a digest by validation; the proxy's can be
  metadata {
    name      = "mlflow"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    replicas               = var.replicas
    revision_history_limit = 3

    selector {
      match_labels = { "app.kubernetes.io/name" = "mlflow" }
    }

    template {
      metadata {
        labels = local.labels
      }

      spec {
        service_account_name             = kubernetes_service_account_v1.this.metadata[0].name
        automount_service_account_token  = false
        enable_service_links             = false
        termination_grace_period_seconds = 60

        security_context {
          run_as_non_root = true
          run_as_user     = 65532
          run_as_group    = 65532
          fs_group        = 65532

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        topology_spread_constraint {
          topology_key       = "topology.kubernetes.io/zone"
          max_skew           = 1
          when_unsatisfiable = "ScheduleAnyway"

          label_selector {
            match_labels = { "app.kubernetes.io/name" = "mlflow" }
          }
        }

        # A sidecar of Kubernetes: it is there before the server starts, and after it has ended.
        init_container {
          name              = "cloud-sql-proxy"
          image             = var.proxy_image
          image_pull_policy = "IfNotPresent"
          restart_policy    = "Always"
          args              = local.proxy

          startup_probe {
            period_seconds    = 2
            timeout_seconds   = 5
            failure_threshold = 60

            http_get {
              path = "/startup"
              port = 9090
            }
          }

          resources {
            requests = { cpu = "50m", memory = "64Mi", "ephemeral-storage" = "64Mi" }
            limits   = { cpu = "500m", memory = "128Mi", "ephemeral-storage" = "64Mi" }
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true
            run_as_non_root            = true

            capabilities {
              drop = ["ALL"]
            }
          }
        }

        # Makes the tables, or upgrades them: one pod after the other, before any server starts.
        init_container {
          name              = "schema"
          image             = var.image
          image_pull_policy = "IfNotPresent"
          command           = ["python", "-m", "phasegate.tracking.schema"]

          env {
            name  = "MLFLOW_BACKEND_STORE_URI"
            value = local.variables.MLFLOW_BACKEND_STORE_URI
          }

          resources {
            requests = { cpu = "250m", memory = "512Mi", "ephemeral-storage" = "128Mi" }
            limits   = { cpu = "1", memory = "1Gi", "ephemeral-storage" = "256Mi" }
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true
            run_as_non_root            = true

            capabilities {
              drop = ["ALL"]
            }
          }

          volume_mount {
            name       = "tmp"
            mount_path = "/tmp"
          }
        }

        container {
          name              = "mlflow"
          image             = var.image
          image_pull_policy = "IfNotPresent"
          command           = ["mlflow", "server"]

          args = [
            "--host=0.0.0.0",
            "--port=${local.port}",
            "--workers=2",
            "--serve-artifacts",
            "--artifacts-destination=${var.artifacts}",
            "--allowed-hosts=${join(",", concat(local.hosts, ["localhost:*"]))}",
            "--uvicorn-opts=--ssl-certfile=/etc/mlflow/tls/tls.crt --ssl-keyfile=/etc/mlflow/tls/tls.key --timeout-graceful-shutdown=30",
          ]

          dynamic "env" {
            for_each = local.variables

            content {
              name  = env.key
              value = env.value
            }
          }

          port {
            name           = "https"
            container_port = local.port
            protocol       = "TCP"
          }

          startup_probe {
            period_seconds    = 5
            timeout_seconds   = 5
            failure_threshold = 60

            http_get {
              path   = "/health"
              port   = local.port
              scheme = "HTTPS"
            }
          }

          readiness_probe {
            period_seconds    = 10
            timeout_seconds   = 5
            failure_threshold = 3

            http_get {
              path   = "/health"
              port   = local.port
              scheme = "HTTPS"
            }
          }

          # A server reads its certificate once: it is started again when cert-manager has renewed it.
          liveness_probe {
            period_seconds    = 60
            timeout_seconds   = 20
            failure_threshold = 3

            exec {
              command = ["python", "-m", "phasegate.tracking.alive", "--port=${local.port}", "--certificate=/etc/mlflow/tls/tls.crt"]
            }
          }

          resources {
            requests = { cpu = "500m", memory = "1536Mi", "ephemeral-storage" = "1Gi" }
            limits   = { cpu = "2", memory = "2Gi", "ephemeral-storage" = "4Gi" }
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true
            run_as_non_root            = true

            capabilities {
              drop = ["ALL"]
            }
          }

          volume_mount {
            name       = "tls"
            mount_path = "/etc/mlflow/tls"
            read_only  = true
          }

          volume_mount {
            name       = "tmp"
            mount_path = "/tmp"
          }
        }

        volume {
          name = "tls"

          secret {
            secret_name  = "mlflow-tls"
            default_mode = "0440"
          }
        }

        # Artifacts on their way to the bucket.
        volume {
          name = "tmp"

          empty_dir {
            size_limit = "3Gi"
          }
        }
      }
    }
  }

  timeouts {
    create = "15m"
    update = "15m"
  }

  depends_on = [
    kustomization_resource.certificate,
    kubernetes_network_policy_v1.this,
    kubernetes_network_policy_v1.default_deny,
  ]
}
