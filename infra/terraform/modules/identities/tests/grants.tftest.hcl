mock_provider "google" {
  mock_resource "google_iam_workload_identity_pool" {
    defaults = { name = "projects/123/locations/global/workloadIdentityPools/phasegate-github" }
  }
}

variables {
  project_id    = "fraud-dev-1234"
  region        = "europe-west3"
  workload_pool = "fraud-dev-1234.svc.id.goog"
  sql_instance  = "phasegate-mlflow"
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

run "predictors_read_models_and_add_to_the_log" {
  command = plan

  assert {
    condition = toset([for key in keys(google_storage_managed_folder_iam_member.workload) : trimprefix(key, "predictor ") if startswith(key, "predictor ")]) == toset([
      "artifacts/models read",
      "log/predictions create",
      "log/monitoring create",
    ])
    error_message = "A predictor may do something else."
  }

  assert {
    condition     = google_project_iam_custom_role.objects["create"].permissions == toset(["storage.objects.create", "storage.objects.list"])
    error_message = "Who only adds to the log could read or replace what is there."
  }

  assert {
    condition     = google_project_iam_custom_role.objects["read"].permissions == toset(["storage.objects.get", "storage.objects.list"])
    error_message = "Who reads could do more."
  }
}

run "nobody_replaces_an_audit_log" {
  command = plan

  assert {
    condition = alltrue([
      for key in keys(google_storage_managed_folder_iam_member.workload) :
      !endswith(key, " overwrite") || contains(["artifacts/pipelines", "artifacts/mlflow", "artifacts/replay"], split(" ", key)[1])
    ])
    error_message = "A folder that is written once can be overwritten."
  }

  assert {
    condition = toset(keys(google_storage_bucket_iam_member.replaced)) == toset([
      "guard artifacts/releases/record.json",
      "pipeline artifacts/releases/record.json",
      "pipeline artifacts/monitoring/newest.json",
    ])
    error_message = "Other files than the two that are compared and set can be replaced."
  }

  assert {
    condition     = google_storage_bucket_iam_member.replaced["guard artifacts/releases/record.json"].condition[0].expression == "resource.type == \"storage.googleapis.com/Object\" && resource.name.startsWith(\"projects/_/buckets/a/objects/phasegate/releases/\") && resource.name.endsWith(\"/record.json\")"
    error_message = "The condition is not that of the release record."
  }
}

run "kubernetes_accounts_are_google_accounts" {
  command = plan

  assert {
    condition = { for id, one in google_service_account_iam_member.workload : id => one.member } == {
      predictor = "serviceAccount:fraud-dev-1234.svc.id.goog[phasegate/phasegate-predictor]"
      guard     = "serviceAccount:fraud-dev-1234.svc.id.goog[phasegate/phasegate-guard]"
      pipeline  = "serviceAccount:fraud-dev-1234.svc.id.goog[kubeflow/phasegate-pipeline]"
      training  = "serviceAccount:fraud-dev-1234.svc.id.goog[kubeflow/phasegate-training]"
      runner    = "serviceAccount:fraud-dev-1234.svc.id.goog[kubeflow/pipeline-runner]"
      kfp-ui    = "serviceAccount:fraud-dev-1234.svc.id.goog[kubeflow/ml-pipeline-ui]"
      mlflow    = "serviceAccount:fraud-dev-1234.svc.id.goog[mlflow/mlflow]"
    }
    error_message = "A Kubernetes account is somebody else."
  }

  assert {
    condition     = alltrue([for one in google_service_account_iam_member.workload : one.role == "roles/iam.workloadIdentityUser"])
    error_message = "A Kubernetes account may do more with its Google account than be it."
  }

  assert {
    condition     = toset(keys(output.service_accounts)) == toset(["phasegate/phasegate-predictor", "phasegate/phasegate-guard", "kubeflow/phasegate-pipeline", "kubeflow/phasegate-training", "kubeflow/pipeline-runner", "kubeflow/ml-pipeline-ui", "mlflow/mlflow"])
    error_message = "The accounts are others."
  }
}

run "mlflow_reaches_its_instance_only" {
  command = plan

  assert {
    condition = alltrue([
      for one in google_project_iam_member.database :
      one.condition[0].expression == "resource.type == \"sqladmin.googleapis.com/Instance\" && resource.name == \"projects/fraud-dev-1234/instances/phasegate-mlflow\""
    ])
    error_message = "MLflow may connect to any instance of the project."
  }

  assert {
    condition     = keys(google_project_iam_member.database) == ["roles/cloudsql.client", "roles/cloudsql.instanceUser"]
    error_message = "MLflow has another role in the project."
  }
}

run "sources_are_read_by_the_pipeline_alone" {
  command = plan

  variables {
    data_sources = ["fraud-events"]
  }

  assert {
    condition = (
      keys(google_storage_bucket_iam_member.source) == ["fraud-events"] &&
      google_storage_bucket_iam_member.source["fraud-events"].role == "roles/storage.objectViewer"
    )
    error_message = "Sources are not read, or more than read."
  }
}

run "no_github_no_accounts_for_it" {
  command = plan

  assert {
    condition     = output.github == null && length(google_service_account.deployer) == 0 && length(google_iam_workload_identity_pool.github) == 0
    error_message = "There are accounts for GitHub Actions that nobody asked for."
  }
}

run "ids_fit_for_the_longest_name" {
  command = plan

  variables {
    name                 = "b2345678901234567890"
    github               = { owner_id = "1", repository_id = "2", environment = "prod" }
    repository           = "phasegate"
    node_service_account = "phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
    state_bucket         = "fraud-dev-1234-phasegate-state"
  }

  assert {
    condition = alltrue([
      for account in concat(values(google_service_account.workload), values(google_service_account.deployer)) :
      length(account.account_id) >= 6 && length(account.account_id) <= 30
    ])
    error_message = "An account's id is not of 6 to 30 characters."
  }

  assert {
    condition     = length(google_iam_workload_identity_pool.github[0].workload_identity_pool_id) <= 32
    error_message = "The pool's id is longer than 32 characters."
  }
}
