output "emails" {
  description = "Google accounts by the name of the Kubernetes account."
  value       = { for id, one in local.accounts : one.account => google_service_account.workload[id].email }
}

output "service_accounts" {
  description = "Google accounts by NAMESPACE/ACCOUNT: what annotation iam.gke.io/gcp-service-account of a Kubernetes account says."
  value       = { for id, one in local.accounts : "${one.namespace}/${one.account}" => google_service_account.workload[id].email }
}

output "github" {
  description = "For the workflow of GitHub Actions: the provider, and accounts by what they do (plan, apply, images, submit); null where there is none."
  value = var.github == null ? null : {
    provider = google_iam_workload_identity_pool_provider.github[0].name
    accounts = { for id, account in google_service_account.deployer : id => account.email }
  }
}
