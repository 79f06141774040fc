mock_provider "helm" {}
mock_provider "kubernetes" {}
mock_provider "kustomization" {
  mock_data "kustomization_overlay" {
    defaults = {
      ids       = ["_/Namespace/_/phasegate"]
      manifests = { "_/Namespace/_/phasegate" = "{}" }
    }
  }
}

override_data {
  target = data.terraform_remote_state.cloud
  values = {
    outputs = {
      github_accounts = {}
      cluster         = { endpoint = "gke-0123456789.europe-west3.gke.goog" }
      service_accounts = {
        "kubeflow/phasegate-pipeline"   = "phasegate-pipeline@fraud-dev-1234.iam.gserviceaccount.com"
        "kubeflow/phasegate-training"   = "phasegate-training@fraud-dev-1234.iam.gserviceaccount.com"
        "phasegate/phasegate-predictor" = "phasegate-predictor@fraud-dev-1234.iam.gserviceaccount.com"
        "phasegate/phasegate-guard"     = "phasegate-guard@fraud-dev-1234.iam.gserviceaccount.com"
        "mlflow/mlflow"                 = "phasegate-mlflow@fraud-dev-1234.iam.gserviceaccount.com"
      }
      mlflow_database = {
        connection_name = "fraud-dev-1234:europe-west3:phasegate-mlflow"
        name            = "mlflow"
        user            = "phasegate-mlflow@fraud-dev-1234.iam"
        private_ip      = "10.20.0.3"
      }
      mlflow_artifacts = "gs://fraud-dev-1234-phasegate-artifacts/mlflow"
      pipeline_root    = "gs://fraud-dev-1234-phasegate-artifacts/pipelines"
      store            = "gs://fraud-dev-1234-phasegate-artifacts/phasegate"
      log              = "gs://fraud-dev-1234-phasegate-log/phasegate"
    }
  }
}

variables {
  state_bucket = "fraud-dev-1234-phasegate-state"
  model        = "card-fraud"
  hostname     = "card-fraud.example.com"
  size         = "dev"
  images_file  = "tests/images.json"
}

run "one_root_feeds_the_other" {
  command = plan

  assert {
    condition     = output.target == "kserve-gateway:phasegate/card-fraud" && output.registry == "https://mlflow.mlflow.svc"
    error_message = "A release acts on the model's route, and asks MLflow over https."
  }

  assert {
    condition     = output.store == "gs://fraud-dev-1234-phasegate-artifacts/phasegate"
    error_message = "The store is the first root's bucket."
  }

  assert {
    condition     = keys(kustomization_resource.client) == ["pipelines", "serving"]
    error_message = "Those who ask MLflow know its authority."
  }
}

run "no_rights_for_accounts_that_are_not_there" {
  command = plan

  assert {
    condition     = length(module.deployers) == 0
    error_message = "Without GitHub there is nobody to have rights."
  }
}

run "no_token_is_kept" {
  command = plan

  assert {
    condition     = local.kubeconfig.users[0].user.exec.command == "gke-gcloud-auth-plugin" && length(keys(local.kubeconfig.users[0].user)) == 1
    error_message = "Tokens are fetched when they are needed."
  }

  assert {
    condition     = local.host == "https://gke-0123456789.europe-west3.gke.goog"
    error_message = "The control plane is reached by its name."
  }
}

run "digests_are_needed" {
  command = plan

  variables {
    images_file = "tests/none.json"
  }

  expect_failures = [var.images_file]
}

run "dev_or_prod" {
  command = plan

  variables {
    size = "large"
  }

  expect_failures = [var.size]
}

run "a_url_is_no_bucket" {
  command = plan

  variables {
    state_bucket = "gs://fraud-dev-1234-phasegate-state"
  }

  expect_failures = [var.state_bucket]
}
