output "namespace" {
  description = "Namespace that steps run in."
  value       = local.namespace

  depends_on = [kubernetes_namespace_v1.this]
}

output "service_account" {
  description = "ServiceAccount of runs: `kubernetes.service_account` of a project file."
  value       = "phasegate-pipeline"

  depends_on = [kustomization_resource.phasegate]
}

output "pipeline_root" {
  description = "Where steps write their artifacts."
  value       = var.pipeline_root
}

output "connect" {
  description = "Command that makes the API reachable as KFP_ENDPOINT=http://localhost:8888."
  value       = "kubectl --namespace ${local.namespace} port-forward service/ml-pipeline 8888:8888"

  depends_on = [kustomization_resource.this]
}
