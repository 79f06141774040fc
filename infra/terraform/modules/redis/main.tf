resource "google_redis_instance" "this" {
  project      = var.project_id
  region       = var.region
  name         = "${var.name}-online"
  display_name = "Online features"
  labels       = var.labels

  tier           = var.tier
  memory_size_gb = var.memory_size_gb
  redis_version  = var.redis_version

  connect_mode       = "PRIVATE_SERVICE_ACCESS"
  authorized_network = var.network_id

  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"
  customer_managed_key    = var.kms_key
  deletion_protection     = var.deletion_protection

  redis_configs = {
    # A fact that was evicted silently makes a feature wrong; a refused write is seen.
    maxmemory-policy = "noeviction"
  }

  persistence_config {
    persistence_mode    = var.snapshots == null ? "DISABLED" : "RDB"
    rdb_snapshot_period = var.snapshots
  }

  maintenance_policy {
    weekly_maintenance_window {
      day = var.maintenance.day

      start_time {
        hours   = var.maintenance.hour
        minutes = 0
        seconds = 0
        nanos   = 0
      }
    }
  }

  lifecycle {
    # It waits for the connection.
    precondition {
      condition     = var.private_services_connection != ""
      error_message = "The instance needs the network's private service access."
    }
  }
}

# Memorystore makes the password, so Terraform reads it, and its state holds it whatever is done here.
# When AUTH is switched off and on again, the new password becomes a new version.
resource "google_secret_manager_secret_version" "auth" {
  secret      = var.auth_secret
  secret_data = google_redis_instance.this.auth_string

  # Pods that still start with the old one must find it.
  deletion_policy = "DISABLE"
}
