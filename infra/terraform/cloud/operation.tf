module "monitoring" {
  source = "../modules/monitoring"

  project_id = var.project_id
  name       = var.name
  labels     = local.labels
  emails     = var.alert_emails

  depends_on = [google_project_service.this]
}

module "audit" {
  source = "../modules/audit"

  project_id     = var.project_id
  region         = var.region
  name           = var.name
  retention_days = var.audit_retention_days
  locked         = var.audit_locked
  kms_key        = try(local.keys["data"], null)

  depends_on = [google_project_service.this]
}

module "budget" {
  count  = var.billing_account == null ? 0 : 1
  source = "../modules/budget"

  providers = {
    google = google.budget
  }

  project_id      = var.project_id
  name            = var.name
  billing_account = var.billing_account
  amount          = var.monthly_budget
  # A budget takes five at most.
  notification_channels = slice(module.monitoring.notification_channels, 0, min(5, length(module.monitoring.notification_channels)))

  depends_on = [google_project_service.this]
}

# Who looks at the budget in GitHub's jobs uses the project's quota for it. That they may see it at all is
# said on the billing account, by a person: see the README.
resource "google_project_iam_member" "quota" {
  for_each = var.github == null || var.billing_account == null ? toset([]) : toset(["plan", "apply"])

  project = var.project_id
  role    = "roles/serviceusage.serviceUsageConsumer"
  member  = "serviceAccount:${module.identities.github.accounts[each.key]}"
}

# Warnings, at each plan and apply, of what may be meant and seldom is.
check "somebody_is_told" {
  assert {
    condition     = length(var.alert_emails) > 0
    error_message = "alert_emails is empty: an alert that a model is drifting, or that a release was rolled back, reaches nobody."
  }
}

check "what_must_survive_cannot_be_deleted" {
  assert {
    condition     = var.deletion_protection || var.database.availability == "ZONAL"
    error_message = "The database outlives the failure of a zone (REGIONAL), and not a terraform destroy (deletion_protection = false). Set deletion_protection = true where people depend on it."
  }
}

check "what_is_locked_is_meant" {
  assert {
    condition     = !var.audit_locked || var.deletion_protection
    error_message = "audit_locked keeps the logs, and with them the project, until they are ${var.audit_retention_days} days old, and deletion_protection = false says that this is to be taken down soon."
  }
}

check "what_github_cannot_plan" {
  assert {
    condition     = var.github == null || var.redis == null
    error_message = "A plan with Redis reads its password, which GitHub's account that plans may not: with redis, this root is planned and applied by a person."
  }
}
