output "names" {
  description = "Buckets by what they hold: artifacts, snapshots, log."
  value       = local.buckets
}

output "urls" {
  description = "Addresses of the buckets, as gs://BUCKET."
  value       = { for key, name in local.buckets : key => "gs://${name}" }
}

output "folders" {
  description = "Managed folders by bucket and use, such as \"artifacts/models\": what module identities grants on."
  value       = { for key, folder in google_storage_managed_folder.this : key => { bucket = folder.bucket, name = folder.name } }
}

output "store" {
  description = "Store of models, releases and the monitoring journal: key store of the manifests' settings, and parameter store of the release and monitoring pipelines."
  value       = "gs://${local.buckets["artifacts"]}/${local.store}"
}

output "models" {
  description = "Where servers fetch models from: parameter models of deploy_shadow."
  value       = "gs://${local.buckets["artifacts"]}/${trimsuffix(local.folders["artifacts/models"], "/")}"
}

output "snapshots" {
  description = "Store of snapshots: parameter store of the training pipeline, and parameter snapshots of the monitoring pipeline."
  value       = "gs://${local.buckets["snapshots"]}/${local.store}"
}

output "log" {
  description = "Store of the prediction log: key log of the manifests' settings, and parameter log of pipelines."
  value       = "gs://${local.buckets["log"]}/${local.store}"
}

output "pipeline_root" {
  description = "Default root of Kubeflow Pipelines' artifacts."
  value       = "gs://${local.buckets["artifacts"]}/${trimsuffix(local.folders["artifacts/pipelines"], "/")}"
}

output "mlflow_artifacts" {
  description = "Destination of MLflow's artifacts."
  value       = "gs://${local.buckets["artifacts"]}/${trimsuffix(local.folders["artifacts/mlflow"], "/")}"
}
