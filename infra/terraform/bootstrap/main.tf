locals {
  # Names of buckets are the world's: the project's id makes this one yours. The first root works it
  # out the same way, to let GitHub's accounts read and write the state.
  bucket = "${var.project_id}-${var.name}-state"
  labels = merge(var.labels, { app = var.name, component = "terraform-state" })
}

resource "google_project_service" "this" {
  for_each = toset(concat(["storage.googleapis.com"], var.cmek ? ["cloudkms.googleapis.com"] : []))

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}

data "google_storage_project_service_account" "this" {
  count = var.cmek ? 1 : 0

  project = var.project_id

  depends_on = [google_project_service.this]
}

module "kms" {
  count  = var.cmek ? 1 : 0
  source = "../modules/kms"

  project_id = var.project_id
  region     = var.region
  # A ring of its own: key rings cannot be deleted, and the first root makes one called `name`.
  name   = "${substr(var.name, 0, 14)}-state"
  labels = local.labels
  keys   = { bucket = ["serviceAccount:${data.google_storage_project_service_account.this[0].email_address}"] }
}

resource "google_storage_bucket" "state" {
  #checkov:skip=CKV_GCP_62:Who reads the state is in Cloud Audit Logs (data access of Cloud Storage, module audit); usage logs would add a second bucket and less certainty.
  project                     = var.project_id
  name                        = local.bucket
  location                    = var.region
  labels                      = local.labels
  force_destroy               = false
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # What was deleted, even all its versions, can be had back for 30 days.
  soft_delete_policy {
    retention_duration_seconds = 2592000
  }

  # States are small; a year of them, and never fewer than fifty, tells what went wrong.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      with_state                 = "ARCHIVED"
      days_since_noncurrent_time = 365
      num_newer_versions         = 50
    }
  }

  dynamic "encryption" {
    for_each = module.kms
    content {
      default_kms_key_name = encryption.value.ids["bucket"]
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.this]
}

# A new bucket lets every viewer of the project read its objects, and every editor write them. The
# state names all that there is, so of these only the project's owners stay.
resource "google_storage_bucket_iam_binding" "owners" {
  for_each = toset([
    "roles/storage.legacyBucketOwner",
    "roles/storage.legacyBucketReader",
    "roles/storage.legacyObjectOwner",
    "roles/storage.legacyObjectReader",
  ])

  bucket  = google_storage_bucket.state.name
  role    = each.key
  members = ["projectOwner:${var.project_id}"]
}

# Added to, not set: the first root adds the accounts of GitHub Actions.
resource "google_storage_bucket_iam_member" "writer" {
  for_each = var.state_writers

  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectUser"
  member = each.key
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = var.state_readers

  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectViewer"
  member = each.key
}
