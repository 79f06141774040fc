locals {
  rotated = { for key, secret in var.secrets : key => secret if secret.rotation_days != null }

  accessors = merge([
    for key, secret in var.secrets : { for member in secret.accessors : "${key} ${member}" => { key = key, member = member } }
  ]...)

  # Whose right it is to publish reminders, and to use the key.
  agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
}

data "google_project" "this" {
  project_id = var.project_id
}

# Names only. Values are added by hand or by a program, and never pass through Terraform, because all
# that passes through it is in its state.
resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  project             = var.project_id
  secret_id           = "${var.name}-${each.key}"
  labels              = merge(var.labels, { app = var.name })
  annotations         = { purpose = each.value.purpose }
  deletion_protection = var.deletion_protection
  # A version that is destroyed by mistake is only disabled for a week.
  version_destroy_ttl = "604800s"

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key[*]
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  dynamic "topics" {
    for_each = each.value.rotation_days == null ? [] : google_pubsub_topic.rotation[*].id
    content {
      name = topics.value
    }
  }

  dynamic "rotation" {
    for_each = each.value.rotation_days[*]
    content {
      next_rotation_time = timeadd(plantimestamp(), "${rotation.value * 24}h")
      rotation_period    = "${rotation.value * 86400}s"
    }
  }

  lifecycle {
    # Secret Manager moves it on by itself.
    ignore_changes = [rotation[0].next_rotation_time]
  }

  depends_on = [google_pubsub_topic_iam_member.agent, google_kms_crypto_key_iam_member.agent]
}

resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = local.accessors

  project   = var.project_id
  secret_id = google_secret_manager_secret.this[each.value.key].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.member
}

# Secret Manager reminds, and changes nothing: who listens does.
resource "google_pubsub_topic" "rotation" {
  count = length(local.rotated) > 0 ? 1 : 0

  project      = var.project_id
  name         = "${var.name}-secret-rotation"
  labels       = merge(var.labels, { app = var.name })
  kms_key_name = var.topic_kms_key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_topic_iam_member" "agent" {
  count = length(local.rotated) > 0 ? 1 : 0

  project = var.project_id
  topic   = google_pubsub_topic.rotation[0].name
  role    = "roles/pubsub.publisher"
  member  = local.agent
}

resource "google_kms_crypto_key_iam_member" "agent" {
  count = var.kms_key == null ? 0 : 1

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = local.agent
}
