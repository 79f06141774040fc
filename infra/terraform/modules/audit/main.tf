locals {
  logged = {
    for service, what in var.services : service => what if what.reads || what.writes
  }

  # Who changed what (kept for 400 days by Google anyway, here for longer), who read and wrote data,
  # what Google itself did, and what was refused.
  filter = join(" OR ", [
    for kind in ["activity", "data_access", "system_event", "policy"] :
    "log_id(\"cloudaudit.googleapis.com/${kind}\")"
  ])
}

resource "google_project_iam_audit_config" "data" {
  for_each = local.logged

  project = var.project_id
  service = each.key

  audit_log_config {
    log_type = "ADMIN_READ"
  }

  dynamic "audit_log_config" {
    for_each = each.value.reads ? [each.value.exempt_readers] : []
    content {
      log_type         = "DATA_READ"
      exempted_members = audit_log_config.value
    }
  }

  dynamic "audit_log_config" {
    for_each = each.value.writes ? [true] : []
    content {
      log_type = "DATA_WRITE"
    }
  }
}

# Logging encrypts with a service account of its own.
data "google_logging_project_cmek_settings" "this" {
  count   = var.kms_key == null ? 0 : 1
  project = var.project_id
}

resource "google_kms_crypto_key_iam_member" "logs" {
  count = var.kms_key == null ? 0 : 1

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${data.google_logging_project_cmek_settings.this[0].service_account_id}"
}

resource "google_logging_project_bucket_config" "audit" {
  project        = var.project_id
  location       = var.region
  bucket_id      = "${var.name}-audit"
  description    = "Who changed, read and wrote what"
  retention_days = var.retention_days
  locked         = var.locked

  # For questions in SQL; it costs nothing.
  enable_analytics = true
  deletion_policy  = var.deletion_protection ? "PREVENT" : "DELETE"

  dynamic "cmek_settings" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      kms_key_name = cmek_settings.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.logs]
}

# Within one project the sink needs no leave to write.
resource "google_logging_project_sink" "audit" {
  project                = var.project_id
  name                   = "${var.name}-audit"
  description            = "The audit log, for as long as ${google_logging_project_bucket_config.audit.bucket_id} keeps it"
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.audit.id}"
  filter                 = local.filter
  unique_writer_identity = true
}

resource "google_logging_project_exclusion" "data" {
  count = var.exclude_from_default ? 1 : 0

  project     = var.project_id
  name        = "${var.name}-audit"
  description = "It is in the bucket ${google_logging_project_bucket_config.audit.bucket_id}"
  filter      = "log_id(\"cloudaudit.googleapis.com/data_access\")"

  # First there, then no longer here.
  depends_on = [google_logging_project_sink.audit]
}
