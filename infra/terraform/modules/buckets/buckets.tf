# Destroying one is refused four times: by the plan (prevent_destroy), by the provider for a block that
# was taken out of the code (deletion_policy, which is in the state), by force_destroy for a bucket that
# is not empty, and by the rights of the account that applies, which has no storage.buckets.delete.

# Changed by compare-and-set (releases/, newest.json) beside what is written once, so no retention
# policy fits: module identities lets only those few files be overwritten, and versions are kept.
resource "google_storage_bucket" "artifacts" {
  #checkov:skip=CKV_GCP_62:Who reads and writes is in Cloud Audit Logs (data access of Cloud Storage, module audit), with the caller's name; usage logs have none.
  project                     = var.project_id
  name                        = "${local.prefix}-artifacts"
  location                    = var.region
  labels                      = merge(local.labels, { component = "artifacts" })
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  deletion_policy             = "PREVENT"

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      with_state                 = "ARCHIVED"
      days_since_noncurrent_time = var.noncurrent_days
    }
  }

  # Read again by cached steps, and by whoever asks why a run was blocked: seldom. Never deleted,
  # because a cached step would be given what is gone.
  lifecycle_rule {
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
    condition {
      age                   = 90
      matches_prefix        = [local.folders["artifacts/pipelines"]]
      matches_storage_class = ["STANDARD"]
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_kms_crypto_key_iam_member.storage]
}

# Written once, under the digest of what is written, and needed for as long as a model has to be
# reproduced. No account of a workload may delete here.
resource "google_storage_bucket" "snapshots" {
  #checkov:skip=CKV_GCP_62:Who reads and writes is in Cloud Audit Logs (data access of Cloud Storage, module audit), with the caller's name; usage logs have none.
  #checkov:skip=CKV_GCP_78:On, unless snapshots_retention_days is set: Cloud Storage has versions or a retention policy, not both.
  project                     = var.project_id
  name                        = "${local.prefix}-snapshots"
  location                    = var.region
  labels                      = merge(local.labels, { component = "snapshots" })
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  deletion_policy             = "PREVENT"

  versioning {
    enabled = var.snapshots_retention_days == null
  }

  dynamic "retention_policy" {
    for_each = var.snapshots_retention_days[*]
    content {
      retention_period = retention_policy.value * 86400
      is_locked        = false
    }
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  # Versions by folder: those of shards are of no use to anybody.
  dynamic "lifecycle_rule" {
    for_each = var.snapshots_retention_days != null ? {} : {
      (local.folders["snapshots/objects"])  = var.noncurrent_days
      (local.folders["snapshots/training"]) = 1
    }
    content {
      action {
        type = "Delete"
      }
      condition {
        with_state                 = "ARCHIVED"
        days_since_noncurrent_time = lifecycle_rule.value
        matches_prefix             = [lifecycle_rule.key]
      }
    }
  }

  # Of no use once the training has ended: a training that is run again makes it again.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = var.training_days
      with_state     = "LIVE"
      matches_prefix = [local.folders["snapshots/training"]]
    }
  }

  # Read once by its training, and then by `phasegate reproduce`.
  lifecycle_rule {
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
    condition {
      age                   = 60
      matches_prefix        = [local.folders["snapshots/objects"]]
      matches_storage_class = ["STANDARD"]
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_kms_crypto_key_iam_member.storage]
}

# All of it is written once and never changed, so the whole bucket can be under a retention policy. It
# is about people, so it ends as well.
resource "google_storage_bucket" "log" {
  #checkov:skip=CKV_GCP_62:Who reads and writes is in Cloud Audit Logs (data access of Cloud Storage, module audit), with the caller's name; usage logs have none.
  #checkov:skip=CKV_GCP_78:The retention policy keeps every file from being overwritten or deleted; Cloud Storage has versions or a retention policy, not both.
  project                     = var.project_id
  name                        = "${local.prefix}-log"
  location                    = var.region
  labels                      = merge(local.labels, { component = "log" })
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  deletion_policy             = "PREVENT"

  retention_policy {
    retention_period = var.log_retention_days * 86400
    is_locked        = var.lock_log_retention
  }

  # The shortest: what was deleted because its time was over shall be gone.
  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = var.log_delete_days
    }
  }

  # Drift and releases look at the last weeks; backtests and audits further back.
  lifecycle_rule {
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
    condition {
      age                   = 90
      matches_storage_class = ["STANDARD"]
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_kms_crypto_key_iam_member.storage]
}
