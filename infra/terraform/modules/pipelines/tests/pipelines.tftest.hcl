# What the repository renders needs the network; a test of this project renders it where it is at hand.
mock_provider "kubernetes" {}
mock_provider "kustomization" {
  mock_data "kustomization_overlay" {
    defaults = {
      ids = ["apps/Deployment/kubeflow/ml-pipeline", "_/PersistentVolumeClaim/kubeflow/mysql-pv-claim", "_/Secret/kubeflow/mysql-secret"]
      manifests = {
        "apps/Deployment/kubeflow/ml-pipeline"            = "{}"
        "_/PersistentVolumeClaim/kubeflow/mysql-pv-claim" = "{}"
        "_/Secret/kubeflow/mysql-secret"                  = "{}"
      }
    }
  }
}

variables {
  pipeline_root = "gs://fraud-dev-1234-phasegate-artifacts/pipelines"
  service_accounts = {
    "kubeflow/phasegate-pipeline"   = "phasegate-pipeline@fraud-dev-1234.iam.gserviceaccount.com"
    "phasegate/phasegate-predictor" = "phasegate-predictor@fraud-dev-1234.iam.gserviceaccount.com"
  }
  images = { core = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/core@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
}

run "pinned_by_commit" {
  command = plan

  assert {
    condition     = data.kustomization_overlay.pipelines.resources[0] == "https://github.com/kubeflow/pipelines//manifests/kustomize/env/platform-agnostic?timeout=300s&ref=4a3592cb2dd0a91a4652ab93893ec8beda1f3158"
    error_message = "The manifests are those of one commit."
  }

  assert {
    condition     = keys(kustomization_resource.disk) == ["_/PersistentVolumeClaim/kubeflow/mysql-pv-claim"]
    error_message = "Disks are kept apart, where they cannot be destroyed."
  }

  assert {
    condition     = keys(local.accounts) == ["phasegate-pipeline"]
    error_message = "Accounts of other namespaces are passed over."
  }
}

run "nobody_else_reaches_the_api" {
  command = plan

  assert {
    condition = (
      length(kubernetes_network_policy_v1.own.spec[0].ingress) == 1
      && length(kubernetes_network_policy_v1.own.spec[0].ingress[0].from) == 1
      && length(kubernetes_network_policy_v1.own.spec[0].ingress[0].from[0].namespace_selector) == 0
    )
    error_message = "Pods of the namespace alone may talk to those of the namespace."
  }
}

run "a_branch_is_refused" {
  command = plan

  variables {
    release = { commit = "master" }
  }

  expect_failures = [var.release]
}

run "an_account_is_needed" {
  command = plan

  variables {
    service_accounts = {}
  }

  expect_failures = [var.service_accounts]
}

run "artifacts_belong_into_a_bucket" {
  command = plan

  variables {
    pipeline_root = "minio://mlpipeline/v2/artifacts"
  }

  expect_failures = [var.pipeline_root]
}
