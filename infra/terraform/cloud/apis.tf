# What a new project cannot do until it is switched on, and what for. All that is needed, nothing more:
# an interface that is off cannot be misused.
locals {
  apis = {
    "artifactregistry.googleapis.com"     = "images of components and servers"
    "billingbudgets.googleapis.com"       = "the budget, where there is one"
    "binaryauthorization.googleapis.com"  = "asks the project's policy which images may run"
    "cloudresourcemanager.googleapis.com" = "the project's IAM policy and audit configuration"
    "compute.googleapis.com"              = "network, NAT, firewall and the cluster's nodes"
    "container.googleapis.com"            = "GKE"
    "iam.googleapis.com"                  = "service accounts and the pool of GitHub's identities"
    "iamcredentials.googleapis.com"       = "tokens of service accounts, for Workload Identity"
    "logging.googleapis.com"              = "the audit log's bucket and its sink"
    "monitoring.googleapis.com"           = "Managed Prometheus, alerts"
    "pubsub.googleapis.com"               = "reminders to change a secret"
    "secretmanager.googleapis.com"        = "secrets"
    "servicenetworking.googleapis.com"    = "private addresses of Cloud SQL and Memorystore"
    "serviceusage.googleapis.com"         = "this list"
    "sqladmin.googleapis.com"             = "PostgreSQL of MLflow"
    "storage.googleapis.com"              = "buckets"
    "sts.googleapis.com"                  = "GitHub's tokens, and those of pods, exchanged for Google's"
  }

  apis_asked_for = merge(
    var.cmek ? { "cloudkms.googleapis.com" = "keys of your own" } : {},
    var.image_scanning ? { "containerscanning.googleapis.com" = "known vulnerabilities of pushed images" } : {},
    var.redis == null ? {} : { "redis.googleapis.com" = "Memorystore" },
  )
}

# Never switched off again by Terraform: that would take down whatever else in the project uses it.
resource "google_project_service" "this" {
  for_each = local.apis

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}

# Apart from the others, on which all modules wait: while something that a module waits for is about to
# change, Terraform does not know what the module looks up, such as the project's number, and would make
# anew who may use a key.
resource "google_project_service" "asked_for" {
  for_each = local.apis_asked_for

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}
