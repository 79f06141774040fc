resource "google_artifact_registry_repository" "this" {
  #checkov:skip=CKV_GCP_84:A key of one's own is a variable (kms_key); without it images, which hold code and no data, are encrypted by Google's.
  project         = var.project_id
  location        = var.region
  repository_id   = var.name
  description     = "Images of Phasegate's components and servers."
  format          = "DOCKER"
  mode            = "STANDARD_REPOSITORY"
  labels          = var.labels
  kms_key_name    = var.kms_key
  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"

  docker_config {
    immutable_tags = var.immutable_tags
  }

  vulnerability_scanning_config {
    enablement_config = var.vulnerability_scanning ? "INHERITED" : "DISABLED"
  }

  cleanup_policy_dry_run = var.dry_run

  # What is both to be kept and to be deleted is kept.
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = var.keep_newest
    }
  }

  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"

    condition {
      tag_state  = "UNTAGGED"
      older_than = "${var.delete_untagged_after_days * 86400}s"
    }
  }

  dynamic "cleanup_policies" {
    for_each = var.delete_tagged_after_days == null ? [] : [var.delete_tagged_after_days]
    content {
      id     = "delete-tagged"
      action = "DELETE"

      condition {
        tag_state  = "TAGGED"
        older_than = "${cleanup_policies.value * 86400}s"
      }
    }
  }
}
