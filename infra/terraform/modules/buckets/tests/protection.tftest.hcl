mock_provider "google" {}

variables {
  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

run "buckets_are_private_and_refuse_to_be_destroyed" {
  command = plan

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.artifacts, google_storage_bucket.snapshots, google_storage_bucket.log] :
      bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced"
    ])
    error_message = "A bucket may be opened to the public, or has access lists."
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.artifacts, google_storage_bucket.snapshots, google_storage_bucket.log] :
      !bucket.force_destroy && bucket.deletion_policy == "PREVENT"
    ])
    error_message = "A bucket can be destroyed with what it holds."
  }

  assert {
    condition = toset(keys(google_storage_bucket_iam_binding.owners)) == toset([
      for pair in setproduct(
        ["artifacts", "snapshots", "log"],
        ["legacyBucketOwner", "legacyBucketReader", "legacyObjectOwner", "legacyObjectReader"],
      ) : "${pair[0]} ${pair[1]}"
    ])
    error_message = "A legacy role of some bucket is left to viewers or editors of the project."
  }

  assert {
    condition     = alltrue([for one in google_storage_bucket_iam_binding.owners : one.members == toset(["projectOwner:fraud-dev-1234"])])
    error_message = "Others than the project's owners have a legacy role."
  }
}

run "what_is_overwritten_is_under_no_retention_policy" {
  command = plan

  assert {
    condition     = length(google_storage_bucket.artifacts.retention_policy) == 0 && google_storage_bucket.artifacts.versioning[0].enabled
    error_message = "Releases are changed by compare-and-set: a retention policy would refuse it."
  }

  assert {
    condition     = length(google_storage_bucket.snapshots.retention_policy) == 0 && google_storage_bucket.snapshots.versioning[0].enabled
    error_message = "Snapshots keep versions unless a retention is asked for."
  }

  assert {
    condition     = length(google_storage_bucket.snapshots.lifecycle_rule) == 5
    error_message = "Versions of objects and of shards are not cleaned up."
  }

  assert {
    condition     = google_storage_bucket.log.retention_policy[0].retention_period == "31536000" && !google_storage_bucket.log.retention_policy[0].is_locked
    error_message = "The log is retained for a year by default, and not locked."
  }
}

run "snapshots_are_retained_when_asked_for" {
  command = plan

  variables {
    snapshots_retention_days = 400
  }

  assert {
    condition     = google_storage_bucket.snapshots.retention_policy[0].retention_period == "34560000" && !google_storage_bucket.snapshots.versioning[0].enabled
    error_message = "Cloud Storage has versions or a retention policy, not both."
  }

  assert {
    condition     = length(google_storage_bucket.snapshots.lifecycle_rule) == 3
    error_message = "Without versions there is nothing to clean up of them: shards, the class of objects and broken uploads remain."
  }
}

run "addresses_are_those_that_the_code_expects" {
  command = plan

  assert {
    condition = {
      store            = output.store
      models           = output.models
      snapshots        = output.snapshots
      log              = output.log
      pipeline_root    = output.pipeline_root
      mlflow_artifacts = output.mlflow_artifacts
      } == {
      store            = "gs://fraud-dev-1234-phasegate-artifacts/phasegate"
      models           = "gs://fraud-dev-1234-phasegate-artifacts/phasegate/models"
      snapshots        = "gs://fraud-dev-1234-phasegate-snapshots/phasegate"
      log              = "gs://fraud-dev-1234-phasegate-log/phasegate"
      pipeline_root    = "gs://fraud-dev-1234-phasegate-artifacts/pipelines"
      mlflow_artifacts = "gs://fraud-dev-1234-phasegate-artifacts/mlflow"
    }
    error_message = "An address changed."
  }
}

run "names_fit_for_the_longest_project_and_name" {
  command = plan

  variables {
    project_id = "a23456789012345678901234567890"
    name       = "b2345678901234567890"
  }

  assert {
    condition     = alltrue([for name in values(output.names) : length(name) <= 63])
    error_message = "A bucket's name is longer than 63 characters."
  }
}

run "a_key_of_ones_own" {
  command = plan

  override_data {
    target = data.google_storage_project_service_account.this[0]
    values = { member = "serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com" }
  }

  variables {
    kms_key = "projects/fraud-dev-1234/locations/europe-west3/keyRings/phasegate/cryptoKeys/phasegate-storage"
  }

  assert {
    condition = (
      google_kms_crypto_key_iam_member.storage[0].role == "roles/cloudkms.cryptoKeyEncrypterDecrypter" &&
      google_kms_crypto_key_iam_member.storage[0].member == "serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com"
    )
    error_message = "Cloud Storage cannot use the key."
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.artifacts, google_storage_bucket.snapshots, google_storage_bucket.log] :
      bucket.encryption[0].default_kms_key_name == var.kms_key
    ])
    error_message = "A bucket is not encrypted with the key."
  }
}
