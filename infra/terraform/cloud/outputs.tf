# What the second root reads from the state.
output "project_id" {
  description = "Project that everything is in."
  value       = var.project_id
}

output "region" {
  description = "Region that everything is in."
  value       = var.region
}

output "cluster" {
  description = "The cluster, and how to reach it."
  value = {
    name             = module.cluster.name
    location         = module.cluster.location
    mode             = module.cluster.mode
    endpoint         = module.cluster.endpoint
    private_endpoint = module.cluster.private_endpoint
    ca_certificate   = module.cluster.ca_certificate
    workload_pool    = module.cluster.workload_pool
  }
}

output "service_accounts" {
  description = "Google accounts by NAMESPACE/ACCOUNT of Kubernetes."
  value       = module.identities.service_accounts
}

output "mlflow_database" {
  description = "MLflow's database: for the Auth Proxy, which asks for no password."
  value = {
    connection_name = module.mlflow.connection_name
    private_ip      = module.mlflow.private_ip
    name            = module.mlflow.database
    user            = module.mlflow.user
  }
}

output "mlflow_artifacts" {
  description = "Where MLflow keeps artifacts."
  value       = module.buckets.mlflow_artifacts
}

output "pipeline_root" {
  description = "Where Kubeflow Pipelines keeps artifacts."
  value       = module.buckets.pipeline_root
}

output "redis" {
  description = "Redis: address, authorities that signed its certificate, and the secret that holds its password; null where there is none."
  value = one([for redis in module.redis : {
    host        = redis.host
    port        = redis.port
    server_ca   = redis.server_ca
    auth_secret = redis.auth_secret
  }])
}

# What people and the next commands need.
output "kubectl" {
  description = "Command that lets kubectl talk to the cluster."
  value       = "gcloud container clusters get-credentials ${module.cluster.name} --location ${module.cluster.location} --project ${var.project_id} --dns-endpoint"
}

output "registry" {
  description = "What images are pushed below: `phasegate images build --push --registry`."
  value       = module.registry.url
}

output "store" {
  description = "Models and releases: PHASEGATE_STORE, and parameter store of the release and monitoring pipelines."
  value       = module.buckets.store
}

output "models" {
  description = "Where servers fetch models from: parameter models of deploy_shadow."
  value       = module.buckets.models
}

output "snapshots" {
  description = "Snapshots of data: parameter store of the training pipeline, and snapshots of the monitoring pipeline."
  value       = module.buckets.snapshots
}

output "log" {
  description = "The prediction log: parameter log of pipelines."
  value       = module.buckets.log
}

output "nat_ips" {
  description = "Public addresses that egress leaves by, for other people's firewalls."
  value       = module.network.nat_ips
}

output "secrets" {
  description = "Secrets by name. Their values are put there by `gcloud secrets versions add`, and are in no state."
  value       = module.secrets.ids
}

output "audit_log" {
  description = "Log bucket that says who did what."
  value       = module.audit.bucket
}

output "github_accounts" {
  description = "E-mails of the accounts of GitHub Actions by what they do; none without github."
  value       = var.github == null ? {} : module.identities.github.accounts
}

output "github_variables" {
  description = "Variables of GitHub's repository, by name, none of them secret: see .github/workflows/README.md; null without github."
  value = var.github == null ? null : {
    GCP_PROJECT_ID                 = var.project_id
    GCP_WORKLOAD_IDENTITY_PROVIDER = module.identities.github.provider
    GCP_PLAN_ACCOUNT               = module.identities.github.accounts["plan"]
    GCP_APPLY_ACCOUNT              = module.identities.github.accounts["apply"]
    GCP_IMAGES_ACCOUNT             = module.identities.github.accounts["images"]
    GCP_SUBMIT_ACCOUNT             = module.identities.github.accounts["submit"]
    GKE_CLUSTER                    = module.cluster.id
    IMAGE_REGISTRY                 = module.registry.url
    PHASEGATE_STORE                = module.buckets.snapshots
    TERRAFORM_ENVIRONMENT          = var.environment
  }
}
