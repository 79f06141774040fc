mock_provider "google" {}

variables {
  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

run "images_stay_what_they_are" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.this.docker_config[0].immutable_tags && google_artifact_registry_repository.this.format == "DOCKER"
    error_message = "A tag is not moved."
  }

  assert {
    condition     = google_artifact_registry_repository.this.deletion_policy == "PREVENT"
    error_message = "The repository refuses to be destroyed."
  }

  assert {
    condition     = google_artifact_registry_repository.this.vulnerability_scanning_config[0].enablement_config == "INHERITED"
    error_message = "Images are scanned where the project scans."
  }

  assert {
    condition     = output.url == "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate"
    error_message = "The address is known before the repository is there."
  }
}

run "what_is_tagged_stays" {
  command = plan

  assert {
    condition     = join(" ", flatten([for policy in google_artifact_registry_repository.this.cleanup_policies : policy.condition[*].tag_state if policy.action == "DELETE"])) == "UNTAGGED"
    error_message = "By default only versions without a tag are deleted: others reproduce models."
  }

  assert {
    condition     = one([for policy in google_artifact_registry_repository.this.cleanup_policies : one(policy.most_recent_versions).keep_count if policy.action == "KEEP"]) == 20
    error_message = "The newest are kept."
  }

  assert {
    condition     = one([for policy in google_artifact_registry_repository.this.cleanup_policies : one(policy.condition).older_than if policy.id == "delete-untagged"]) == "2592000s"
    error_message = "Versions without a tag go after 30 days."
  }

  assert {
    condition     = !google_artifact_registry_repository.this.cleanup_policy_dry_run
    error_message = "The policies are in force."
  }
}

run "old_tags_go_if_told_so" {
  command = plan

  variables {
    immutable_tags           = false
    delete_tagged_after_days = 400
    deletion_protection      = false
  }

  assert {
    condition     = one([for policy in google_artifact_registry_repository.this.cleanup_policies : one(policy.condition).older_than if policy.id == "delete-tagged"]) == "34560000s"
    error_message = "Tagged versions go after 400 days."
  }

  assert {
    condition     = google_artifact_registry_repository.this.deletion_policy == "DELETE"
    error_message = "Without deletion_protection the repository can go."
  }
}

run "a_key_of_ones_own" {
  command = plan

  variables {
    kms_key = "projects/fraud-dev-1234/locations/europe-west3/keyRings/phasegate/cryptoKeys/phasegate-images"
  }

  assert {
    condition     = google_artifact_registry_repository.this.kms_key_name == var.kms_key
    error_message = "Images are encrypted by it."
  }
}

run "an_immutable_tag_is_not_deleted" {
  command = plan

  variables {
    delete_tagged_after_days = 400
  }

  expect_failures = [var.delete_tagged_after_days]
}

run "a_week_is_too_soon" {
  command = plan

  variables {
    immutable_tags           = false
    delete_tagged_after_days = 7
  }

  expect_failures = [var.delete_tagged_after_days]
}

run "none_kept" {
  command = plan

  variables {
    keep_newest = 0
  }

  expect_failures = [var.keep_newest]
}

run "half_a_day" {
  command = plan

  variables {
    delete_untagged_after_days = 0.5
  }

  expect_failures = [var.delete_untagged_after_days]
}

run "a_version_is_no_key" {
  command = plan

  variables {
    kms_key = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
  }

  expect_failures = [var.kms_key]
}

run "a_name_of_21_characters" {
  command = plan

  variables {
    name = "phasegate-fraud-europ"
  }

  expect_failures = [var.name]
}

run "a_project_has_an_id" {
  command = plan

  variables {
    project_id = "12345678"
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

run "a_label_in_capitals" {
  command = plan

  variables {
    labels = { Team = "risk" }
  }

  expect_failures = [var.labels]
}
