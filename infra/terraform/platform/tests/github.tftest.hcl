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
      github_accounts = {
        plan   = "phasegate-gh-plan@fraud-dev-1234.iam.gserviceaccount.com"
        apply  = "phasegate-gh-apply@fraud-dev-1234.iam.gserviceaccount.com"
        images = "phasegate-gh-images@fraud-dev-1234.iam.gserviceaccount.com"
        submit = "phasegate-gh-submit@fraud-dev-1234.iam.gserviceaccount.com"
      }
      cluster = { endpoint = "gke-0123456789.europe-west3.gke.goog" }
      service_accounts = {
        "kubeflow/phasegate-pipeline"   = "phasegate-pipeline@fraud-dev-1234.iam.gserviceaccount.com"
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
  training     = true
  images_file  = "tests/images.json"
}

run "accounts_of_the_first_root_have_rights_in_the_cluster" {
  command = plan

  assert {
    condition     = module.deployers[0].policy == "phasegate-github-plan-dry-runs-only"
    error_message = "Who plans is held to dry runs."
  }

  assert {
    condition     = join(",", module.addons.release_namespaces) == "cert-manager,envoy-gateway-system,kserve,kubeflow-system"
    error_message = "Each namespace that helm keeps releases in, and no other."
  }
}
