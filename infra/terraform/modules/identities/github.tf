# GitHub Actions, without keys: a job shows GitHub's signed token, and is one of four accounts for an
# hour. Which one depends on where the job runs; what a pull request can start is allowed to read only.
locals {
  github = var.github[*] # none or one

  deployers = {
    plan   = "GitHub Actions: terraform plan. Reads configuration, no data."
    apply  = "GitHub Actions: terraform apply, from the protected environment."
    images = "GitHub Actions: pushes images, from the main branch."
    submit = "GitHub Actions: submits runs and applies schedules, from the protected environment."
  }

  # Who may be which account, by attributes of the pool. Each token has been through the provider's
  # condition already.
  jobs = var.github == null ? {} : {
    plan   = "attribute.repository_id/${var.github.repository_id}"
    apply  = "attribute.environment/${var.github.environment}"
    images = "attribute.ref/refs/heads/${var.github.branch}"
    submit = "attribute.environment/${coalesce(var.github.submit_environment, var.github.environment)}"
  }
}

resource "google_iam_workload_identity_pool" "github" {
  count = length(local.github)

  project                   = var.project_id
  workload_identity_pool_id = "${var.name}-github"
  display_name              = "GitHub Actions"
  description               = "Jobs of one repository. Deleting it locks all of them out."
}

resource "google_iam_workload_identity_pool_provider" "github" {
  count = length(local.github)
  #checkov:skip=CKV_GCP_125:The condition pins owner and repository by their numbers. The subject, which this check asks for, has names: whoever registers a name that was given up would pass.
  project                            = var.project_id
  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github-actions"
  display_name                       = "GitHub Actions"

  # The audit log shows the subject: which run it was. GitHub's own subject can be longer than the 127
  # characters that Google takes. Of an organisation that changed its form, no job is in an
  # environment, and is refused.
  attribute_mapping = {
    "google.subject"          = "'repository/' + assertion.repository_id + '/run/' + assertion.run_id"
    "attribute.repository_id" = "assertion.repository_id"
    "attribute.ref"           = "assertion.ref"
    "attribute.environment"   = "assertion.sub.contains(':environment:') ? assertion.sub.extract(':environment:{name}') : 'none'"
  }

  # The branch, or a pull request of the repository itself: GitHub gives those of forks no token.
  # pull_request_target and the like run on the branch too, for whoever opens a pull request.
  attribute_condition = join(" && ", [
    "assertion.repository_owner_id == '${var.github.owner_id}'",
    "assertion.repository_id == '${var.github.repository_id}'",
    "((assertion.ref == 'refs/heads/${var.github.branch}' && assertion.event_name in ['push', 'schedule', 'workflow_dispatch']) || assertion.event_name == 'pull_request')",
  ])

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "deployer" {
  for_each = var.github == null ? {} : local.deployers

  project      = var.project_id
  account_id   = "${var.name}-gh-${each.key}"
  display_name = "GitHub Actions: ${each.key}"
  description  = each.value
}

resource "google_service_account_iam_member" "deployer" {
  for_each = local.jobs

  service_account_id = google_service_account.deployer[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/${each.value}"
}
