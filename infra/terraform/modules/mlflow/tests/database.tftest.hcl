mock_provider "google" {}

variables {
  project_id                  = "fraud-dev-1234"
  region                      = "europe-west3"
  network_id                  = "projects/fraud-dev-1234/global/networks/phasegate"
  private_services_connection = "projects/fraud-dev-1234/global/networks/phasegate:servicenetworking.googleapis.com"
  service_account_email       = "phasegate-mlflow@fraud-dev-1234.iam.gserviceaccount.com"
}

run "nobody_comes_in_from_outside_or_without_a_certificate" {
  command = plan

  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled == false
    error_message = "The database has no public address."
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" && google_sql_database_instance.this.settings[0].connector_enforcement == "REQUIRED"
    error_message = "Only the Auth Proxy connects."
  }

  assert {
    condition     = length(google_sql_database_instance.this.settings[0].ip_configuration[0].authorized_networks) == 0
    error_message = "No address is trusted."
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].data_api_access == "DISALLOW_DATA_API"
    error_message = "Statements from outside the network are refused."
  }
}

run "the_user_is_an_account_without_a_password" {
  command = plan

  assert {
    condition     = google_sql_user.mlflow.name == "phasegate-mlflow@fraud-dev-1234.iam" && google_sql_user.mlflow.type == "CLOUD_IAM_SERVICE_ACCOUNT"
    error_message = "PostgreSQL knows the account without .gserviceaccount.com."
  }

  assert {
    condition     = google_sql_user.mlflow.password == null && google_sql_database_instance.this.root_password == null
    error_message = "There is no password anywhere."
  }

  assert {
    condition     = one([for flag in google_sql_database_instance.this.settings[0].database_flags : flag.value if flag.name == "cloudsql.iam_authentication"]) == "on"
    error_message = "IAM logs in."
  }

  assert {
    condition     = contains(google_sql_user.mlflow.database_roles, "cloudsqlsuperuser")
    error_message = "Without a role it may not make MLflow's tables."
  }
}

run "it_is_not_lost" {
  command = plan

  assert {
    condition     = google_sql_database_instance.this.deletion_protection && google_sql_database_instance.this.settings[0].deletion_protection_enabled
    error_message = "Neither Terraform nor anybody else deletes the instance."
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].enabled && google_sql_database_instance.this.settings[0].backup_configuration[0].point_in_time_recovery_enabled
    error_message = "Any moment of the last days can be restored."
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups == 30 && google_sql_database_instance.this.settings[0].retain_backups_on_delete
    error_message = "Backups outlive the instance."
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].disk_autoresize && google_sql_database_instance.this.settings[0].disk_autoresize_limit == 100
    error_message = "The disk grows, and not without end."
  }
}

run "a_backup_begins_two_hours_before_the_maintenance" {
  command = plan

  variables {
    maintenance = { day = 1, hour = 1 }
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].start_time == "23:00"
    error_message = "An update that goes wrong has a fresh backup before it."
  }
}

run "two_zones_in_production" {
  command = plan

  variables {
    availability = "REGIONAL"
    tier         = "db-custom-2-7680"
    kms_key      = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].availability_type == "REGIONAL" && google_sql_database_instance.this.encryption_key_name == "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k"
    error_message = "Availability and key are taken over."
  }
}

run "a_machine_of_another_edition_is_refused" {
  command = plan

  variables {
    tier = "db-perf-optimized-N-2"
  }

  expect_failures = [var.tier]
}

run "a_shared_core_has_no_standby" {
  command = plan

  variables {
    tier         = "db-g1-small"
    availability = "REGIONAL"
  }

  expect_failures = [var.availability]
}

run "more_days_than_the_edition_keeps_are_refused" {
  command = plan

  variables {
    recovery_days = 14
  }

  expect_failures = [var.recovery_days]
}

run "a_moment_needs_a_backup_before_it" {
  command = plan

  variables {
    edition       = "ENTERPRISE_PLUS"
    tier          = "db-perf-optimized-N-2"
    backups       = 7
    recovery_days = 14
  }

  expect_failures = [var.recovery_days]
}

run "a_person_is_no_service_account" {
  command = plan

  variables {
    service_account_email = "ada@example.com"
  }

  expect_failures = [var.service_account_email]
}

run "bad_common_values_are_refused" {
  command = plan

  variables {
    project_id                  = "Fraud"
    region                      = "europe-west3-a"
    name                        = "a-name-that-is-much-too-long"
    labels                      = { Team = "fraud" }
    network_id                  = "default"
    private_services_connection = ""
    disk_size_gb                = 200
    backups                     = 3
    kms_key                     = "key"
    maintenance                 = { day = 0, hour = 24 }
  }

  expect_failures = [
    var.project_id, var.region, var.name, var.labels, var.network_id, var.private_services_connection,
    var.disk_limit_gb, var.backups, var.kms_key, var.maintenance,
  ]
}
