# What the accounts of GitHub Actions may do. None of them may change who may do what: rights, accounts
# and custom roles are changed by a person, who applies by hand. An approved change of code can thus
# not widen the rights of the pipeline that applies it.
locals {
  # Predefined roles that read or write configuration and no data.
  project_roles = {
    # Not roles/iam.securityReviewer, which lists much that is data: log entries, and inside the cluster
    # whatever it holds but Secrets.
    plan = [
      "roles/browser",
      "roles/cloudkms.viewer",
      "roles/cloudsql.viewer",
      "roles/compute.networkViewer",
      "roles/container.clusterViewer",
      "roles/iam.roleViewer",
      "roles/iam.serviceAccountViewer",
      "roles/iam.workloadIdentityPoolViewer",
      "roles/monitoring.viewer",
      "roles/pubsub.viewer",
      "roles/redis.viewer",
      "roles/serviceusage.serviceUsageViewer",
    ]
    apply = [
      "roles/browser",
      "roles/cloudkms.viewer",
      "roles/cloudsql.editor",
      # phasegate: ignore[PGT401] the network is what it applies; it is one account, from the protected environment
      "roles/compute.networkAdmin",
      # phasegate: ignore[PGT401] firewall rules are in no narrower role
      "roles/compute.securityAdmin",
      # phasegate: ignore[PGT401] the second root makes kinds and cluster roles, which takes cluster-admin
      "roles/container.admin",
      "roles/iam.roleViewer",
      "roles/iam.securityReviewer",
      "roles/iam.serviceAccountViewer",
      "roles/iam.workloadIdentityPoolViewer",
      "roles/logging.configWriter",
      "roles/monitoring.editor",
      "roles/pubsub.editor",
      "roles/redis.editor",
      "roles/serviceusage.serviceUsageViewer",
    ]
  }

  # What the predefined roles have only together with more: reading logs, objects, images or values of
  # secrets, deleting buckets, or giving rights.
  deployer_permissions = {
    plan = [
      "artifactregistry.repositories.get",
      "artifactregistry.repositories.getIamPolicy",
      "artifactregistry.repositories.list",
      "cloudkms.cryptoKeys.getIamPolicy",
      "compute.instanceGroupManagers.list",
      "container.clusters.connect", # inside, Kubernetes' own roles say what is allowed
      "iam.serviceAccounts.getIamPolicy",
      "logging.buckets.get",
      "logging.buckets.list",
      "logging.cmekSettings.get",
      "logging.exclusions.get",
      "logging.sinks.get",
      "logging.sinks.list",
      "pubsub.topics.getIamPolicy",
      "resourcemanager.projects.get",
      "resourcemanager.projects.getIamPolicy",
      "secretmanager.secrets.get",
      "secretmanager.secrets.getIamPolicy",
      "secretmanager.secrets.list",
      "servicenetworking.services.get",
      "storage.buckets.get",
      "storage.buckets.getIamPolicy",
      "storage.buckets.list",
      "storage.managedFolders.get",
      "storage.managedFolders.getIamPolicy",
      "storage.managedFolders.list",
    ]
    apply = [
      "artifactregistry.repositories.create",
      "artifactregistry.repositories.get",
      "artifactregistry.repositories.list",
      "artifactregistry.repositories.update",
      "secretmanager.secrets.create",
      "secretmanager.secrets.get",
      "secretmanager.secrets.getIamPolicy",
      "secretmanager.secrets.list",
      "secretmanager.secrets.update",
      "storage.buckets.create",
      "storage.buckets.get",
      "storage.buckets.getIamPolicy",
      "storage.buckets.list",
      "storage.buckets.update",
      "storage.managedFolders.create",
      "storage.managedFolders.get",
      "storage.managedFolders.getIamPolicy",
      "storage.managedFolders.list",
    ]
    # To the cluster's control plane, and no further: what is allowed there, Kubernetes' own roles say.
    submit = [
      "container.clusters.connect",
      "container.clusters.get",
    ]
  }

  state_roles = {
    plan  = ["read"]
    apply = ["read", "create", "overwrite"]
  }
}

resource "google_project_iam_member" "deployer" {
  for_each = var.github == null ? {} : merge([
    for id, roles in local.project_roles : { for role in roles : "${id} ${role}" => { id = id, role = role } }
  ]...)

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.deployer[each.value.id].member
}

resource "google_project_iam_custom_role" "deployer" {
  for_each = var.github == null ? {} : local.deployer_permissions

  project     = var.project_id
  role_id     = "${local.role_prefix}_github_${each.key}"
  title       = "${var.name}: GitHub Actions, ${each.key}"
  permissions = each.value
}

resource "google_project_iam_member" "deployer_custom" {
  for_each = var.github == null ? {} : local.deployer_permissions

  project = var.project_id
  role    = google_project_iam_custom_role.deployer[each.key].name
  member  = google_service_account.deployer[each.key].member
}

# A cluster's nodes are given their account by whoever makes them.
resource "google_service_account_iam_member" "nodes" {
  count = length(local.github)

  service_account_id = "projects/${var.project_id}/serviceAccounts/${var.node_service_account}"
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer["apply"].member
}

resource "google_artifact_registry_repository_iam_member" "images" {
  count = length(local.github)

  project    = var.project_id
  location   = var.region
  repository = var.repository
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deployer["images"].member
}

# A plan that only reads cannot lock the state: terraform plan -lock=false.
resource "google_storage_bucket_iam_member" "state" {
  for_each = var.github == null ? {} : merge([
    for id, roles in local.state_roles : { for role in roles : "${id} ${role}" => { id = id, role = role } }
  ]...)

  bucket = var.state_bucket
  role   = google_project_iam_custom_role.objects[each.value.role].name
  member = google_service_account.deployer[each.value.id].member
}
