output "url" {
  description = "Address of MLflow for pods of its clients: the setting `registry`, and MLFLOW_TRACKING_URI."
  value       = "https://mlflow.${local.namespace}.svc"

  depends_on = [kubernetes_deployment_v1.this]
}

output "namespace" {
  description = "Namespace and port that clients' network policies must let through."
  value       = local.namespace
}

output "port" {
  description = "Port of the pods, which network policies see in place of the Service's 443."
  value       = local.port
}
