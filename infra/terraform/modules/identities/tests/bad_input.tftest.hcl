mock_provider "google" {}

variables {
  project_id           = "fraud-dev-1234"
  region               = "europe-west3"
  workload_pool        = "fraud-dev-1234.svc.id.goog"
  sql_instance         = "phasegate-mlflow"
  repository           = "phasegate"
  node_service_account = "phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
  state_bucket         = "fraud-dev-1234-phasegate-state"
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

run "malformed_project" {
  command = plan
  variables {
    project_id = "123456"
  }
  expect_failures = [var.project_id]
}

run "name_too_long" {
  command = plan
  variables {
    name = "phasegate-of-the-fraud-team"
  }
  expect_failures = [var.name]
}

run "namespace_in_capitals" {
  command = plan
  variables {
    namespace = "Phasegate"
  }
  expect_failures = [var.namespace]
}

run "pool_that_is_none" {
  command = plan
  variables {
    workload_pool = "fraud-dev-1234"
  }
  expect_failures = [var.workload_pool]
}

run "folders_missing" {
  command = plan
  variables {
    folders = { "artifacts/models" = { bucket = "a", name = "phasegate/models/" } }
  }
  expect_failures = [var.folders]
}

run "source_with_a_scheme" {
  command = plan
  variables {
    data_sources = ["gs://fraud-events/events"]
  }
  expect_failures = [var.data_sources]
}

run "connection_name_for_an_instance" {
  command = plan
  variables {
    sql_instance = "fraud-dev-1234:europe-west3:phasegate-mlflow"
  }
  expect_failures = [var.sql_instance]
}

run "repository_by_name" {
  command = plan
  variables {
    github = { owner_id = "example", repository_id = "example/fraud", environment = "prod" }
  }
  expect_failures = [var.github]
}

run "branch_as_a_pattern" {
  command = plan
  variables {
    github = { owner_id = "1", repository_id = "2", environment = "prod", branch = "*" }
  }
  expect_failures = [var.github]
}

run "environment_that_any_job_has" {
  command = plan
  variables {
    github = { owner_id = "1", repository_id = "2", environment = "none" }
  }
  expect_failures = [var.github]
}

run "github_without_what_it_works_on" {
  command = plan
  variables {
    github               = { owner_id = "1", repository_id = "2", environment = "prod" }
    repository           = null
    node_service_account = null
    state_bucket         = null
  }
  expect_failures = [var.repository, var.node_service_account, var.state_bucket]
}
