mock_provider "google" {}

variables {
  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

run "malformed_project" {
  command = plan
  variables {
    project_id = "Fraud_Dev"
  }
  expect_failures = [var.project_id]
}

run "malformed_region" {
  command = plan
  variables {
    region = "europe-west3-a"
  }
  expect_failures = [var.region]
}

run "name_too_long" {
  command = plan
  variables {
    name = "phasegate-of-the-fraud-team"
  }
  expect_failures = [var.name]
}

run "label_in_capitals" {
  command = plan
  variables {
    labels = { Team = "risk" }
  }
  expect_failures = [var.labels]
}

run "log_retained_for_less_than_the_audit_needs" {
  command = plan
  variables {
    audit_retention_days = 365
    log_retention_days   = 90
  }
  expect_failures = [var.log_retention_days]
}

run "log_deleted_while_it_is_retained" {
  command = plan
  variables {
    log_delete_days = 364
  }
  expect_failures = [var.log_delete_days]
}

run "snapshots_retained_for_less_than_the_audit_needs" {
  command = plan
  variables {
    snapshots_retention_days = 30
  }
  expect_failures = [var.snapshots_retention_days]
}

run "key_of_another_region" {
  command = plan
  variables {
    kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k"
  }
  expect_failures = [var.kms_key]
}

run "key_that_is_none" {
  command = plan
  variables {
    kms_key = "phasegate-storage"
  }
  expect_failures = [var.kms_key]
}

run "soft_delete_that_is_not_offered" {
  command = plan
  variables {
    soft_delete_days = 3
  }
  expect_failures = [var.soft_delete_days]
}

run "shards_deleted_under_a_running_training" {
  command = plan
  variables {
    training_days = 1
  }
  expect_failures = [var.training_days]
}
