# A budget knows projects by their numbers.
data "google_project" "this" {
  project_id = var.project_id
}

resource "google_billing_budget" "this" {
  billing_account = var.billing_account
  display_name    = "${var.name} ${var.project_id}"

  budget_filter {
    projects        = ["projects/${data.google_project.this.number}"]
    calendar_period = "MONTH"

    # What is paid is told; a credit that runs out would otherwise come as a surprise.
    credit_types_treatment = "EXCLUDE_ALL_CREDITS"
  }

  amount {
    specified_amount {
      currency_code = var.currency
      units         = tostring(var.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = var.thresholds
    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  dynamic "threshold_rules" {
    for_each = var.forecast_thresholds
    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "FORECASTED_SPEND"
    }
  }

  dynamic "all_updates_rule" {
    for_each = length(var.notification_channels) > 0 || var.pubsub_topic != null ? [true] : []
    content {
      monitoring_notification_channels = var.notification_channels
      pubsub_topic                     = var.pubsub_topic
      schema_version                   = "1.0"
      disable_default_iam_recipients   = false
    }
  }
}
