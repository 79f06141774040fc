mock_provider "google" {
  mock_data "google_logging_project_cmek_settings" {
    defaults = {
      service_account_id = "cmek-p1@gcp-sa-logging.iam.gserviceaccount.com"
    }
  }
}

variables {
  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

run "data_is_logged_where_it_is" {
  command = plan

  assert {
    condition     = toset(keys(google_project_iam_audit_config.data)) == toset(["artifactregistry.googleapis.com", "cloudsql.googleapis.com", "secretmanager.googleapis.com", "storage.googleapis.com"])
    error_message = "Exactly the services that hold data."
  }

  assert {
    condition     = toset([for one in google_project_iam_audit_config.data["storage.googleapis.com"].audit_log_config : one.log_type]) == toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    error_message = "Who read a model or the prediction log is logged."
  }

  assert {
    condition     = toset([for one in google_project_iam_audit_config.data["artifactregistry.googleapis.com"].audit_log_config : one.log_type]) == toset(["ADMIN_READ", "DATA_WRITE"])
    error_message = "Each pull of an image is not."
  }

  assert {
    condition     = alltrue(flatten([for service in google_project_iam_audit_config.data : [for one in service.audit_log_config : length(coalesce(one.exempted_members, [])) == 0]]))
    error_message = "Nobody is exempt unless it is said."
  }
}

run "logs_are_kept" {
  command = plan

  assert {
    condition     = google_logging_project_bucket_config.audit.retention_days == 400 && google_logging_project_bucket_config.audit.locked != true && google_logging_project_bucket_config.audit.deletion_policy == "PREVENT"
    error_message = "400 days, not locked, and not destroyed."
  }

  assert {
    condition     = google_logging_project_sink.audit.filter == "log_id(\"cloudaudit.googleapis.com/activity\") OR log_id(\"cloudaudit.googleapis.com/data_access\") OR log_id(\"cloudaudit.googleapis.com/system_event\") OR log_id(\"cloudaudit.googleapis.com/policy\")"
    error_message = "All four audit logs."
  }

  assert {
    condition     = google_logging_project_exclusion.data[0].filter == "log_id(\"cloudaudit.googleapis.com/data_access\")"
    error_message = "What is kept there is not paid for twice."
  }
}

run "exempt_readers_are_readers_alone" {
  command = plan

  variables {
    services = {
      "storage.googleapis.com"       = { exempt_readers = ["serviceAccount:phasegate-predictor@fraud-dev-1234.iam.gserviceaccount.com"] }
      "secretmanager.googleapis.com" = {}
    }
  }

  assert {
    condition     = { for one in google_project_iam_audit_config.data["storage.googleapis.com"].audit_log_config : one.log_type => length(coalesce(one.exempted_members, [])) } == { ADMIN_READ = 0, DATA_READ = 1, DATA_WRITE = 0 }
    error_message = "What a predictor writes is logged though its reads are not."
  }
}

run "a_key_of_ones_own" {
  command = plan

  variables {
    kms_key = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k"
    locked  = true
  }

  assert {
    condition     = google_logging_project_bucket_config.audit.cmek_settings[0].kms_key_name == var.kms_key && google_kms_crypto_key_iam_member.logs[0].member == "serviceAccount:cmek-p1@gcp-sa-logging.iam.gserviceaccount.com"
    error_message = "Logging may use the key before the bucket asks for it."
  }

  assert {
    condition     = google_logging_project_bucket_config.audit.locked
    error_message = "It can be locked."
  }
}

run "shorter_than_an_audit_is_refused" {
  command = plan

  variables {
    retention_days = 90
  }

  expect_failures = [var.retention_days]
}

run "writes_of_models_are_always_logged" {
  command = plan

  variables {
    services = { "storage.googleapis.com" = { writes = false }, "secretmanager.googleapis.com" = {} }
  }

  expect_failures = [var.services]
}

run "bad_values_are_refused" {
  command = plan

  variables {
    project_id = "p"
    region     = "eu"
    name       = "P"
    kms_key    = "k"
    services   = { allServices = {} }
  }

  expect_failures = [var.project_id, var.region, var.name, var.kms_key, var.services]
}
