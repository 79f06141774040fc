mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789" }
  }
}

variables {
  project_id = "fraud-dev-1234"
  region     = "europe-west3"
  secrets = {
    log-key = {
      purpose       = "Hashes entities."
      accessors     = ["serviceAccount:predictor@fraud-dev-1234.iam.gserviceaccount.com"]
      rotation_days = 90
    }
    pager = {
      purpose = "Address of the pager."
    }
  }
}

run "values_stay_in_the_region_and_are_protected" {
  command = plan

  assert {
    condition = alltrue([
      for secret in google_secret_manager_secret.this :
      secret.replication[0].user_managed[0].replicas[0].location == "europe-west3" && length(secret.replication[0].auto) == 0
    ])
    error_message = "A value is kept outside of the region."
  }

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : secret.deletion_protection && secret.version_destroy_ttl == "604800s"])
    error_message = "A secret is gone at once when it is deleted."
  }

  assert {
    condition     = output.names == { log-key = "phasegate-log-key", pager = "phasegate-pager" }
    error_message = "Names are others."
  }
}

run "only_who_is_named_reads_and_only_that_one" {
  command = plan

  assert {
    condition = (
      keys(google_secret_manager_secret_iam_member.accessor) == ["log-key serviceAccount:predictor@fraud-dev-1234.iam.gserviceaccount.com"] &&
      alltrue([for one in google_secret_manager_secret_iam_member.accessor : one.role == "roles/secretmanager.secretAccessor"])
    )
    error_message = "Others read a secret."
  }
}

run "reminders_for_what_is_rotated" {
  command = plan

  assert {
    condition = (
      google_secret_manager_secret.this["log-key"].rotation[0].rotation_period == "7776000s" &&
      length(google_secret_manager_secret.this["pager"].rotation) == 0
    )
    error_message = "The wrong secret is rotated."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.agent[0].member == "serviceAccount:service-123456789@gcp-sa-secretmanager.iam.gserviceaccount.com"
    error_message = "Secret Manager cannot publish reminders."
  }
}

run "no_topic_where_nothing_is_rotated" {
  command = plan

  variables {
    secrets = { pager = { purpose = "Address of the pager." } }
  }

  assert {
    condition     = length(google_pubsub_topic.rotation) == 0 && output.rotation_topic == null
    error_message = "There is a topic for nothing."
  }
}

run "a_key_of_ones_own" {
  command = plan

  variables {
    kms_key = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition = (
      google_secret_manager_secret.this["pager"].replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key &&
      google_kms_crypto_key_iam_member.agent[0].member == "serviceAccount:service-123456789@gcp-sa-secretmanager.iam.gserviceaccount.com"
    )
    error_message = "Values are not encrypted with the key, or Secret Manager may not use it."
  }
}

run "malformed_project" {
  command = plan
  variables {
    project_id = "fraud"
  }
  expect_failures = [var.project_id]
}

run "the_whole_world_reads" {
  command = plan
  variables {
    secrets = { pager = { purpose = "Address of the pager.", accessors = ["allUsers"] } }
  }
  expect_failures = [var.secrets]
}

run "secret_without_a_purpose" {
  command = plan
  variables {
    secrets = { pager = { purpose = " " } }
  }
  expect_failures = [var.secrets]
}

run "name_in_capitals" {
  command = plan
  variables {
    secrets = { PAGER = { purpose = "Address of the pager." } }
  }
  expect_failures = [var.secrets]
}

run "key_of_another_region" {
  command = plan
  variables {
    kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k"
  }
  expect_failures = [var.kms_key]
}
