mock_provider "google" {
  override_during = plan

  mock_data "google_storage_project_service_account" {
    defaults = {
      email_address = "service-1@gs-project-accounts.iam.gserviceaccount.com"
    }
  }

  mock_resource "google_kms_crypto_key" {
    defaults = {
      id = "projects/fraud-dev-1234/locations/europe-west3/keyRings/phasegate-state/cryptoKeys/phasegate-state-bucket"
    }
  }

  mock_resource "google_kms_key_ring" {
    defaults = {
      id = "projects/fraud-dev-1234/locations/europe-west3/keyRings/phasegate-state"
    }
  }
}

variables {
  project_id    = "fraud-dev-1234"
  region        = "europe-west3"
  state_writers = ["group:platform@example.com"]
}

run "the_bucket_loses_nothing_and_is_not_public" {
  command = plan

  assert {
    condition     = google_storage_bucket.state.name == "fraud-dev-1234-phasegate-state"
    error_message = "The first root finds the bucket by this name."
  }

  assert {
    condition     = google_storage_bucket.state.versioning[0].enabled && google_storage_bucket.state.soft_delete_policy[0].retention_duration_seconds >= 604800
    error_message = "A state that was overwritten or deleted can be had back."
  }

  assert {
    condition     = google_storage_bucket.state.public_access_prevention == "enforced" && google_storage_bucket.state.uniform_bucket_level_access && !google_storage_bucket.state.force_destroy
    error_message = "The state cannot become public, and cannot be destroyed with its bucket."
  }

  assert {
    condition     = length(google_storage_bucket.state.encryption) == 0
    error_message = "Without cmek, the key is Google's."
  }
}

run "only_who_is_named_reads_it" {
  command = plan

  assert {
    condition     = alltrue([for binding in values(google_storage_bucket_iam_binding.owners) : tolist(binding.members) == tolist(["projectOwner:fraud-dev-1234"])])
    error_message = "Viewers and editors of the project do not read the state."
  }

  assert {
    condition     = keys(google_storage_bucket_iam_member.writer) == ["group:platform@example.com"] && length(google_storage_bucket_iam_member.reader) == 0
    error_message = "Nobody else is given it."
  }
}

run "a_key_of_ones_own" {
  command = plan

  variables {
    cmek = true
  }

  assert {
    condition     = endswith(google_storage_bucket.state.encryption[0].default_kms_key_name, "/phasegate-state-bucket")
    error_message = "The bucket's default key is the one that was made for it."
  }
}

run "somebody_must_apply" {
  command = plan

  variables {
    state_writers = []
  }

  expect_failures = [var.state_writers]
}

run "everybody_is_too_many" {
  command = plan

  variables {
    state_readers = ["allAuthenticatedUsers"]
  }

  expect_failures = [var.state_readers]
}

run "a_domain_is_too_many" {
  command = plan

  variables {
    state_writers = ["domain:example.com"]
  }

  expect_failures = [var.state_writers]
}

run "a_project_has_an_id" {
  command = plan

  variables {
    project_id = "Fraud"
  }

  expect_failures = [var.project_id]
}

run "a_zone_is_no_region" {
  command = plan

  variables {
    region = "europe-west3-a"
  }

  expect_failures = [var.region]
}
