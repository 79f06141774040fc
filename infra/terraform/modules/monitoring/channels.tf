locals {
  people = concat(
    var.notification_channels,
    [for channel in google_monitoring_notification_channel.email : channel.name],
    google_monitoring_notification_channel.slack[*].name,
  )

  channels = {
    warning  = local.people
    critical = concat(local.people, google_monitoring_notification_channel.pagerduty[*].name)
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.emails

  project      = var.project_id
  display_name = "${var.name} ${each.key}"
  type         = "email"
  user_labels  = var.labels
  labels       = { email_address = each.key }
}

# Tokens are handed over: neither plan nor state has them.
resource "google_monitoring_notification_channel" "slack" {
  count = var.slack == null ? 0 : 1

  project      = var.project_id
  display_name = "${var.name} ${var.slack.channel}"
  type         = "slack"
  user_labels  = var.labels
  labels       = { channel_name = var.slack.channel }

  sensitive_labels {
    auth_token_wo         = var.slack_token
    auth_token_wo_version = tostring(var.slack.version)
  }
}

resource "google_monitoring_notification_channel" "pagerduty" {
  count = var.pagerduty == null ? 0 : 1

  project      = var.project_id
  display_name = "${var.name} PagerDuty"
  type         = "pagerduty"
  user_labels  = var.labels

  sensitive_labels {
    service_key_wo         = var.pagerduty_key
    service_key_wo_version = tostring(var.pagerduty.version)
  }
}
