# What is asked for, and what comes of it.
# By the provider itself, with a token that opens nothing: a plan of what is not there yet asks nobody.
provider "google" {
  access_token = "none"
}

provider "google" {
  alias        = "budget"
  access_token = "none"
}

variables {
  project_id   = "fraud-dev-1234"
  region       = "europe-west3"
  environment  = "dev"
  alert_emails = ["fraud-dev@example.com"]
}

run "apis_are_those_that_are_used" {
  command = plan

  assert {
    condition = keys(google_project_service.this) == [
      "artifactregistry.googleapis.com",
      "billingbudgets.googleapis.com",
      "binaryauthorization.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "compute.googleapis.com",
      "container.googleapis.com",
      "iam.googleapis.com",
      "iamcredentials.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "secretmanager.googleapis.com",
      "servicenetworking.googleapis.com",
      "serviceusage.googleapis.com",
      "sqladmin.googleapis.com",
      "storage.googleapis.com",
      "sts.googleapis.com",
    ]
    error_message = "Exactly what is needed is switched on, always; this is: ${join(", ", keys(google_project_service.this))}."
  }

  assert {
    condition     = length(google_project_service.asked_for) == 0 && alltrue([for api in values(google_project_service.this) : api.disable_on_destroy == false])
    error_message = "Destroying switches nothing off that others may use."
  }
}

run "redis_brings_its_api_its_secret_and_its_address" {
  command = plan

  variables {
    redis = { tier = "STANDARD_HA", memory_size_gb = 5 }
  }

  assert {
    condition     = keys(google_project_service.asked_for) == ["redis.googleapis.com"]
    error_message = "Memorystore is switched on, and nothing else."
  }

  assert {
    condition     = output.redis != null && contains(keys(output.secrets), "redis-auth")
    error_message = "Its password is in Secret Manager."
  }
}

run "without_redis_there_is_none" {
  command = plan

  assert {
    condition     = output.redis == null && length(output.secrets) == 0
    error_message = "Neither Redis nor its secret."
  }
}

run "github_gets_variables_and_no_keys" {
  command = plan

  variables {
    github = { owner_id = "1", repository_id = "2", environment = "production", submit_environment = "pipelines" }
  }

  assert {
    condition = keys(output.github_variables) == [
      "GCP_APPLY_ACCOUNT",
      "GCP_IMAGES_ACCOUNT",
      "GCP_PLAN_ACCOUNT",
      "GCP_PROJECT_ID",
      "GCP_SUBMIT_ACCOUNT",
      "GCP_WORKLOAD_IDENTITY_PROVIDER",
      "GKE_CLUSTER",
      "IMAGE_REGISTRY",
      "PHASEGATE_STORE",
      "TERRAFORM_ENVIRONMENT",
    ]
    error_message = "The workflows look for these variables."
  }

  assert {
    condition     = join(",", keys(output.github_accounts)) == "apply,images,plan,submit"
    error_message = "The second root gives them their rights inside the cluster."
  }

  assert {
    condition     = output.github_variables["IMAGE_REGISTRY"] == "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate" && output.github_variables["PHASEGATE_STORE"] == output.snapshots
    error_message = "Images go to the repository, and trainings keep their snapshots in the bucket for them."
  }
}

run "github_and_redis_are_warned_of" {
  command = plan

  variables {
    github = { owner_id = "1", repository_id = "2", environment = "production" }
    redis  = {}
  }

  expect_failures = [check.what_github_cannot_plan]
}

run "github_without_a_budget_needs_no_quota" {
  command = plan

  variables {
    github = { owner_id = "1", repository_id = "2", environment = "production" }
  }

  assert {
    condition     = length(google_project_iam_member.quota) == 0
    error_message = "Nobody is given a right for what is not there."
  }
}

run "github_sees_the_budget" {
  command = plan

  variables {
    github          = { owner_id = "1", repository_id = "2", environment = "production" }
    billing_account = "012345-6789AB-CDEF01"
    monthly_budget  = 400
  }

  assert {
    condition     = { for key, grant in google_project_iam_member.quota : key => grant.role } == { apply = "roles/serviceusage.serviceUsageConsumer", plan = "roles/serviceusage.serviceUsageConsumer" }
    error_message = "Those who plan and apply use the project's quota, and nobody else."
  }
}

run "standard_mode_in_two_zones" {
  command = plan

  variables {
    cluster_mode = "standard"
    zones        = ["europe-west3-a", "europe-west3-b"]
  }

  assert {
    condition     = output.cluster.mode == "standard"
    error_message = "The pools are module cluster's own."
  }
}

run "what_the_second_root_reads" {
  command = plan

  assert {
    condition     = keys(output.mlflow_database) == ["connection_name", "name", "private_ip", "user"] && output.mlflow_database.name == "mlflow"
    error_message = "The tracking server finds its database."
  }

  assert {
    condition = length(setsubtract([
      "phasegate/phasegate-predictor", "phasegate/phasegate-guard", "kubeflow/phasegate-pipeline",
      "kubeflow/phasegate-training", "kubeflow/pipeline-runner", "mlflow/mlflow",
    ], keys(output.service_accounts))) == 0
    error_message = "Each account of the cluster has its Google one."
  }

  assert {
    condition     = startswith(output.pipeline_root, "gs://") && startswith(output.mlflow_artifacts, "gs://")
    error_message = "Artifacts are in buckets."
  }
}
