resource "google_sql_database_instance" "this" {
  # checkov:skip=CKV_GCP_79: a major version is chosen (database_version), not followed: an upgrade stops the register for minutes
  project          = var.project_id
  region           = var.region
  name             = "${var.name}-mlflow"
  database_version = var.database_version

  encryption_key_name = var.kms_key
  deletion_protection = var.deletion_protection

  settings {
    edition           = var.edition
    tier              = var.tier
    availability_type = var.availability
    user_labels       = var.labels

    disk_type             = "PD_SSD"
    disk_size             = var.disk_size_gb
    disk_autoresize       = true
    disk_autoresize_limit = var.disk_limit_gb

    # Everybody comes through the Auth Proxy: it brings certificate and identity, so that no
    # password exists, and no address is trusted.
    connector_enforcement       = "REQUIRED"
    data_api_access             = "DISALLOW_DATA_API"
    deletion_protection_enabled = var.deletion_protection
    retain_backups_on_delete    = true

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network_id
      ssl_mode        = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    }

    backup_configuration {
      enabled                        = true
      start_time                     = format("%02d:00", (var.maintenance.hour + 22) % 24)
      location                       = var.backup_location
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = var.recovery_days

      backup_retention_settings {
        retained_backups = var.backups
        retention_unit   = "COUNT"
      }
    }

    final_backup_config {
      enabled        = true
      retention_days = 30
    }

    maintenance_window {
      day          = var.maintenance.day
      hour         = var.maintenance.hour
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled  = true
      query_string_length     = 1024
      query_plans_per_minute  = 5
      record_application_tags = false
      record_client_address   = false
    }

    # For whoever gives a built-in user a password by hand.
    password_validation_policy {
      enable_password_policy      = true
      min_length                  = 16
      complexity                  = "COMPLEXITY_DEFAULT"
      reuse_interval              = 5
      disallow_username_substring = true
    }

    # What CIS's benchmark for Google Cloud asks of PostgreSQL, and the audit extension: it logs
    # changes of schema and roles with their user, but no values.
    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }

    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    database_flags {
      name  = "log_duration"
      value = "on"
    }

    database_flags {
      name  = "log_error_verbosity"
      value = "default"
    }

    database_flags {
      name  = "log_executor_stats"
      value = "off"
    }

    database_flags {
      name  = "log_hostname"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    # Statements hold values, such as parameters of runs: none is logged for being slow.
    database_flags {
      name  = "log_min_duration_statement"
      value = "-1"
    }

    database_flags {
      name  = "log_min_error_statement"
      value = "error"
    }

    database_flags {
      name  = "log_min_messages"
      value = "warning"
    }

    database_flags {
      name  = "log_parser_stats"
      value = "off"
    }

    database_flags {
      name  = "log_planner_stats"
      value = "off"
    }

    database_flags {
      name  = "log_statement"
      value = "ddl"
    }

    database_flags {
      name  = "log_statement_stats"
      value = "off"
    }

    database_flags {
      name  = "log_temp_files"
      value = "0"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "ddl,role"
    }
  }

  lifecycle {
    # It waits for the connection; and the disk has grown by itself since.
    ignore_changes = [settings[0].disk_size]

    precondition {
      condition     = var.private_services_connection != ""
      error_message = "The instance needs the network's private service access."
    }
  }
}

resource "google_sql_database" "mlflow" {
  project  = var.project_id
  instance = google_sql_database_instance.this.name
  name     = "mlflow"
  charset  = "UTF8"

  # It goes with its instance, and only so.
  deletion_policy = "ABANDON"
}

# A new IAM user may do nothing. The database belongs to cloudsqlsuperuser, the only role that can be
# given without logging in: its members may make the tables of MLflow's migrations, in this instance,
# which holds nothing else. It is no superuser of PostgreSQL.
resource "google_sql_user" "mlflow" {
  project        = var.project_id
  instance       = google_sql_database_instance.this.name
  name           = trimsuffix(var.service_account_email, ".gserviceaccount.com")
  type           = "CLOUD_IAM_SERVICE_ACCOUNT"
  database_roles = ["cloudsqlsuperuser"]

  # PostgreSQL does not drop a user that owns tables.
  deletion_policy = "ABANDON"
}
