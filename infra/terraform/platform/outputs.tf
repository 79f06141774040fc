output "kfp" {
  description = "Command that makes Kubeflow Pipelines reachable: then KFP_ENDPOINT is http://localhost:8888."
  value       = module.pipelines.connect
}

output "service_account" {
  description = "`kubernetes.service_account` of the project file."
  value       = module.pipelines.service_account
}

output "registry" {
  description = "MLFLOW_TRACKING_URI of steps."
  value       = module.tracking.url
}

output "authority" {
  description = "Secret and key, in the steps' namespace, of the certificate that MLflow is known by."
  value       = { secret = local.client, key = "ca.crt" }
}

output "store" {
  description = "Store of models and releases: `--store` and the pipelines' parameter."
  value       = local.cloud.store
}

output "target" {
  description = "What releases act on."
  value       = module.serving.target
}
