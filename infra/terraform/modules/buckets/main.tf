locals {
  # Names of buckets are the world's: the project's id makes these yours.
  prefix = "${var.project_id}-${var.name}"

  # Folder of the store within its buckets. The manifests let servers fetch models from below it only.
  store = "phasegate"

  labels = merge(var.labels, { app = var.name })

  # Legacy roles that a new bucket gives to viewers and editors of the project.
  legacy = [
    "roles/storage.legacyBucketOwner",
    "roles/storage.legacyBucketReader",
    "roles/storage.legacyObjectOwner",
    "roles/storage.legacyObjectReader",
  ]

  buckets = {
    artifacts = google_storage_bucket.artifacts.name
    snapshots = google_storage_bucket.snapshots.name
    log       = google_storage_bucket.log.name
  }

  # Where the code puts what. Each is a managed folder, so that each account is given those that it
  # works with, lists included.
  folders = {
    "artifacts/models"     = "${local.store}/models/"     # what servers fetch, by digest
    "artifacts/releases"   = "${local.store}/releases/"   # record, audit log and evidence
    "artifacts/monitoring" = "${local.store}/monitoring/" # journal and alerts of the pipeline
    "artifacts/replay"     = "${local.store}/replay/"     # how far a replay to a shadow has come
    "artifacts/pipelines"  = "pipelines/"                 # artifacts of Kubeflow Pipelines
    "artifacts/mlflow"     = "mlflow/"                    # artifacts of MLflow
    "snapshots/objects"    = "${local.store}/objects/"    # parts of snapshots, by digest
    "snapshots/training"   = "${local.store}/training/"   # shards and results of training by workers
    "log/predictions"      = "${local.store}/predictions/"
    "log/monitoring"       = "${local.store}/monitoring/" # summaries and alerts of the sidecars
  }
}

# Managed folders on their own grant nothing; module identities does.
resource "google_storage_managed_folder" "this" {
  for_each = local.folders

  bucket = local.buckets[split("/", each.key)[0]]
  name   = each.value
}

# A new bucket lets every viewer of the project read its objects, and every editor write them. Models
# decide about people and the log is about them, so of these only the project's owners stay.
resource "google_storage_bucket_iam_binding" "owners" {
  for_each = {
    for pair in setproduct(keys(local.buckets), local.legacy) :
    "${pair[0]} ${trimprefix(pair[1], "roles/storage.")}" => { bucket = pair[0], role = pair[1] }
  }

  bucket  = local.buckets[each.value.bucket]
  role    = each.value.role
  members = ["projectOwner:${var.project_id}"]
}

# Who encrypts and decrypts for the buckets. It is made by asking for it.
data "google_storage_project_service_account" "this" {
  count = var.kms_key == null ? 0 : 1

  project = var.project_id
}

# May be there already, from module kms: a member is added once however often it is said.
resource "google_kms_crypto_key_iam_member" "storage" {
  count = var.kms_key == null ? 0 : 1

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = data.google_storage_project_service_account.this[0].member
}
