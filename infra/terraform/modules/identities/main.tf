locals {
  # Ids of custom roles have no hyphens.
  role_prefix = replace(var.name, "-", "_")

  roles = {
    read = {
      title       = "read objects"
      permissions = ["storage.objects.get", "storage.objects.list"]
    }
    create = {
      title       = "create objects, without reading or replacing any"
      permissions = ["storage.objects.create", "storage.objects.list"]
    }
    overwrite = {
      title       = "replace or delete objects"
      permissions = ["storage.objects.delete"]
    }
  }

  # One binding for each account, folder and role.
  bindings = merge([
    for id, folders in local.grants : merge([
      for folder, roles in folders : {
        for role in roles : "${id} ${folder} ${role}" => { id = id, folder = folder, role = role }
      }
    ]...)
  ]...)

  replacements = merge([
    for id, folders in local.replaced : {
      for folder, ending in folders : "${id} ${folder}${ending}" => { id = id, folder = folder, ending = ending }
    }
  ]...)
}

resource "google_service_account" "workload" {
  for_each = local.accounts

  project      = var.project_id
  account_id   = "${var.name}-${each.key}"
  display_name = "${each.value.namespace}/${each.value.account}"
  description  = each.value.description
}

# The Kubernetes account is the Google one; no key exists anywhere.
resource "google_service_account_iam_member" "workload" {
  for_each = local.accounts

  service_account_id = google_service_account.workload[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.workload_pool}[${each.value.namespace}/${each.value.account}]"
}

# Predefined roles are too broad: objectCreator may make folders, objectViewer reads all of them, and
# objectUser may delete.
resource "google_project_iam_custom_role" "objects" {
  for_each = local.roles

  project     = var.project_id
  role_id     = "${local.role_prefix}_objects_${each.key}"
  title       = "${var.name}: ${each.value.title}"
  permissions = each.value.permissions
}

# A managed folder's policy holds for the objects below it, and for lists with its name as prefix. A
# condition on resource.name could not give lists: they are of the bucket, whose name has no prefix.
resource "google_storage_managed_folder_iam_member" "workload" {
  for_each = local.bindings

  bucket         = var.folders[each.value.folder].bucket
  managed_folder = var.folders[each.value.folder].name
  role           = google_project_iam_custom_role.objects[each.value.role].name
  member         = google_service_account.workload[each.value.id].member
}

resource "google_storage_bucket_iam_member" "replaced" {
  for_each = local.replacements

  bucket = var.folders[each.value.folder].bucket
  role   = google_project_iam_custom_role.objects["overwrite"].name
  member = google_service_account.workload[each.value.id].member

  condition {
    title       = "only ${trimprefix(each.value.ending, "/")} of ${each.value.folder}"
    description = "Changed by compare-and-set; everything beside it is written once."
    expression = join(" && ", [
      "resource.type == \"storage.googleapis.com/Object\"",
      "resource.name.startsWith(\"projects/_/buckets/${var.folders[each.value.folder].bucket}/objects/${var.folders[each.value.folder].name}\")",
      "resource.name.endsWith(\"${each.value.ending}\")",
    ])
  }
}

# Where data.source and release.labels.source are: read by ingest, skew and labels.
resource "google_storage_bucket_iam_member" "source" {
  for_each = var.data_sources

  bucket = each.value
  role   = "roles/storage.objectViewer"
  member = google_service_account.workload["pipeline"].member
}

# Connects to MLflow's instance, and to no other of the project, as itself: there is no password.
resource "google_project_iam_member" "database" {
  for_each = toset(["roles/cloudsql.client", "roles/cloudsql.instanceUser"])

  project = var.project_id
  role    = each.value
  member  = google_service_account.workload["mlflow"].member

  condition {
    title       = "MLflow's instance only"
    description = "Cloud SQL knows no policy of an instance, so it is one of the project with a condition."
    expression  = "resource.type == \"sqladmin.googleapis.com/Instance\" && resource.name == \"projects/${var.project_id}/instances/${var.sql_instance}\""
  }
}
