# dev and prod, planned whole. All that they differ in is their files.
# By the provider itself, with a token that opens nothing: a plan of what is not there yet asks nobody.
provider "google" {
  access_token = "none"
}

provider "google" {
  alias        = "budget"
  access_token = "none"
}

run "dev" {
  command = apply

  module {
    source = "./tests/environment"
  }

  variables {
    name = "dev"
  }
}

run "prod" {
  command = apply

  module {
    source = "./tests/environment"
  }

  variables {
    name = "prod"
  }

  assert {
    condition     = keys(run.dev.values) == keys(output.values)
    error_message = "dev.tfvars and prod.tfvars must set the same variables: ${join(", ", setsubtract(setunion(keys(run.dev.values), keys(output.values)), setintersection(keys(run.dev.values), keys(output.values))))} is in one of them."
  }

  assert {
    condition     = run.dev.values.project_id != output.values.project_id && run.dev.backend.bucket != output.backend.bucket
    error_message = "dev and prod are two projects, each with its own state."
  }
}

run "dev_as_a_whole" {
  command = plan

  variables {
    project_id           = run.dev.values.project_id
    billing_account      = run.dev.values.billing_account
    alert_emails         = run.dev.values.alert_emails
    data_sources         = run.dev.values.data_sources
    github               = run.dev.values.github
    region               = run.dev.values.region
    environment          = run.dev.values.environment
    labels               = run.dev.values.labels
    deletion_protection  = run.dev.values.deletion_protection
    cmek                 = run.dev.values.cmek
    monthly_budget       = run.dev.values.monthly_budget
    cluster_mode         = run.dev.values.cluster_mode
    release_channel      = run.dev.values.release_channel
    database             = run.dev.values.database
    redis                = run.dev.values.redis
    image_scanning       = run.dev.values.image_scanning
    audit_retention_days = run.dev.values.audit_retention_days
    audit_locked         = run.dev.values.audit_locked
    log_retention_days   = run.dev.values.log_retention_days
    log_delete_days      = run.dev.values.log_delete_days
  }

  assert {
    condition     = output.store == "gs://fraud-dev-1234-phasegate-artifacts/phasegate" && output.log == "gs://fraud-dev-1234-phasegate-log/phasegate"
    error_message = "Models and releases are in one bucket, the prediction log in another."
  }

  assert {
    condition     = output.kubectl == "gcloud container clusters get-credentials phasegate --location europe-west3 --project fraud-dev-1234 --dns-endpoint"
    error_message = "kubectl reaches the cluster by its name."
  }

  assert {
    condition     = local.state_bucket == run.dev.backend.bucket
    error_message = "GitHub's accounts are given the bucket that the state is in."
  }

  assert {
    condition     = length(module.kms) == 0 && length(module.redis) == 0 && length(module.budget) == 1 && output.github_variables == null
    error_message = "dev has Google's keys, no Redis, a budget, and nobody from GitHub."
  }
}

run "prod_as_a_whole" {
  command = plan

  variables {
    project_id           = run.prod.values.project_id
    billing_account      = run.prod.values.billing_account
    alert_emails         = run.prod.values.alert_emails
    data_sources         = run.prod.values.data_sources
    github               = run.prod.values.github
    region               = run.prod.values.region
    environment          = run.prod.values.environment
    labels               = run.prod.values.labels
    deletion_protection  = run.prod.values.deletion_protection
    cmek                 = run.prod.values.cmek
    monthly_budget       = run.prod.values.monthly_budget
    cluster_mode         = run.prod.values.cluster_mode
    release_channel      = run.prod.values.release_channel
    database             = run.prod.values.database
    redis                = run.prod.values.redis
    image_scanning       = run.prod.values.image_scanning
    audit_retention_days = run.prod.values.audit_retention_days
    audit_locked         = run.prod.values.audit_locked
    log_retention_days   = run.prod.values.log_retention_days
    log_delete_days      = run.prod.values.log_delete_days
  }

  assert {
    condition     = length(module.kms) == 1 && module.kms[0].ids["data"] == "projects/fraud-prod-1234/locations/europe-west3/keyRings/phasegate/cryptoKeys/phasegate-data"
    error_message = "prod has keys of its own."
  }

  assert {
    condition     = keys(google_project_service.asked_for) == ["cloudkms.googleapis.com", "containerscanning.googleapis.com"]
    error_message = "What prod has beside dev is switched on."
  }
}

run "the_code_asks_for_no_environment" {
  command = plan

  module {
    source = "./tests/code"
  }

  assert {
    condition     = output.files > 20
    error_message = "The code is somewhere else now: this looked at ${output.files} files."
  }

  assert {
    condition     = length(output.asking) == 0
    error_message = "What differs between environments is a variable of its own; these ask which one it is: ${join(", ", output.asking)}."
  }
}
