mock_provider "google" {
  mock_resource "google_iam_workload_identity_pool" {
    defaults = { name = "projects/123/locations/global/workloadIdentityPools/phasegate-github" }
  }
  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/fraud-dev-1234/serviceAccounts/phasegate-one@fraud-dev-1234.iam.gserviceaccount.com"
      member = "serviceAccount:phasegate-one@fraud-dev-1234.iam.gserviceaccount.com"
      email  = "phasegate-one@fraud-dev-1234.iam.gserviceaccount.com"
    }
  }
}

variables {
  project_id           = "fraud-dev-1234"
  region               = "europe-west3"
  workload_pool        = "fraud-dev-1234.svc.id.goog"
  sql_instance         = "phasegate-mlflow"
  repository           = "phasegate"
  node_service_account = "phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
  state_bucket         = "fraud-dev-1234-phasegate-state"
  github               = { owner_id = "111", repository_id = "222", environment = "prod" }
  folders = {
    "artifacts/mlflow"     = { bucket = "a", name = "mlflow/" }
    "artifacts/models"     = { bucket = "a", name = "phasegate/models/" }
    "artifacts/monitoring" = { bucket = "a", name = "phasegate/monitoring/" }
    "artifacts/pipelines"  = { bucket = "a", name = "pipelines/" }
    "artifacts/releases"   = { bucket = "a", name = "phasegate/releases/" }
    "artifacts/replay"     = { bucket = "a", name = "phasegate/replay/" }
    "log/monitoring"       = { bucket = "l", name = "phasegate/monitoring/" }
    "log/predictions"      = { bucket = "l", name = "phasegate/predictions/" }
    "snapshots/objects"    = { bucket = "s", name = "phasegate/objects/" }
    "snapshots/training"   = { bucket = "s", name = "phasegate/training/" }
  }
}

run "who_may_be_whom" {
  command = apply

  assert {
    condition = { for id, one in google_service_account_iam_member.deployer : id => one.member } == {
      plan   = "principalSet://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/phasegate-github/attribute.repository_id/222"
      apply  = "principalSet://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/phasegate-github/attribute.environment/prod"
      images = "principalSet://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/phasegate-github/attribute.ref/refs/heads/main"
      submit = "principalSet://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/phasegate-github/attribute.environment/prod"
    }
    error_message = "A job may be another account."
  }

  assert {
    condition     = google_iam_workload_identity_pool_provider.github[0].attribute_condition == "assertion.repository_owner_id == '111' && assertion.repository_id == '222' && ((assertion.ref == 'refs/heads/main' && assertion.event_name in ['push', 'schedule', 'workflow_dispatch']) || assertion.event_name == 'pull_request')"
    error_message = "Tokens of others are admitted."
  }

  assert {
    condition     = google_iam_workload_identity_pool_provider.github[0].oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "Tokens of another issuer are admitted."
  }
}

run "no_account_may_change_rights_read_data_or_delete_buckets" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for role in google_project_iam_custom_role.deployer : [
        for permission in role.permissions : !can(regex("setIamPolicy|\\.delete$|storage\\.objects|versions\\.access|secretmanager\\.versions", permission))
      ]
    ]))
    error_message = "An account of GitHub Actions may give rights, read data or delete."
  }

  assert {
    condition = alltrue([
      for one in google_project_iam_member.deployer :
      !can(regex("^roles/(owner|editor|viewer|storage\\.|secretmanager\\.(admin|secretAccessor)|iam\\.(roleAdmin|serviceAccountAdmin|serviceAccountTokenCreator|serviceAccountUser|securityAdmin)|resourcemanager\\.)", one.role))
    ])
    error_message = "An account of GitHub Actions has a role that is too broad."
  }

  assert {
    condition = alltrue([
      for key in keys(google_project_iam_member.deployer) :
      can(regex("[vV]iewer$|Reviewer$|/browser$", key)) if startswith(key, "plan ")
    ])
    error_message = "The account that plans may change something."
  }

  assert {
    condition     = alltrue([for permission in google_project_iam_custom_role.deployer["plan"].permissions : can(regex("\\.(get|list|getIamPolicy)$", permission)) if permission != "container.clusters.connect"])
    error_message = "The account that plans may change something."
  }

  assert {
    condition     = google_project_iam_custom_role.deployer["submit"].permissions == toset(["container.clusters.connect", "container.clusters.get"])
    error_message = "The account that submits may do more than reach the cluster."
  }

  assert {
    condition     = alltrue([for key in keys(google_project_iam_member.deployer) : !can(regex("^(submit|images) ", key))])
    error_message = "The accounts that submit and push have roles of the project."
  }

  assert {
    condition     = google_artifact_registry_repository_iam_member.images[0].role == "roles/artifactregistry.writer"
    error_message = "Images are not pushed, or can be deleted."
  }

  assert {
    condition     = keys(google_storage_bucket_iam_member.state) == ["apply create", "apply overwrite", "apply read", "plan read"]
    error_message = "Others write the state."
  }
}

run "submitting_may_wait_elsewhere" {
  command = apply

  variables {
    github = { owner_id = "111", repository_id = "222", branch = "release/1", environment = "prod-infra", submit_environment = "prod-runs" }
  }

  assert {
    condition = (
      endswith(google_service_account_iam_member.deployer["submit"].member, "/attribute.environment/prod-runs") &&
      endswith(google_service_account_iam_member.deployer["apply"].member, "/attribute.environment/prod-infra") &&
      endswith(google_service_account_iam_member.deployer["images"].member, "/attribute.ref/refs/heads/release/1")
    )
    error_message = "Another environment may submit."
  }
}
