mock_provider "google" {
  mock_resource "google_monitoring_notification_channel" {
    defaults = {
      name = "projects/fraud-dev-1234/notificationChannels/1"
    }
  }
}

variables {
  project_id = "fraud-dev-1234"
  emails     = ["fraud-oncall@example.com"]

  # `terraform test` does not apply with ephemeral variables that nobody set.
  slack_token   = ""
  pagerduty_key = ""
}

run "each_rule_is_a_policy" {
  command = plan

  assert {
    condition     = toset(keys(google_monitoring_alert_policy.rule)) == toset(concat(["PhasegateNotScraped"], flatten([for group in yamldecode(file("${path.module}/../../../../kserve_manifests/observability/alerts.yaml")).groups : [for rule in group.rules : rule.alert]])))
    error_message = "Prometheus and Cloud Monitoring have the same rules."
  }

  assert {
    condition     = google_monitoring_alert_policy.rule["PhasegateDrift"].conditions[0].condition_prometheus_query_language[0].query == "phasegate_drift_alert{window=\"time\"} == 1"
    error_message = "The query is the rule's."
  }

  assert {
    condition     = google_monitoring_alert_policy.rule["PhasegateSidecarDegraded"].conditions[0].condition_prometheus_query_language[0].duration == "900s" && google_monitoring_alert_policy.rule["PhasegateDrift"].conditions[0].condition_prometheus_query_language[0].duration == "0s"
    error_message = "15m are 900 seconds."
  }

  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.rule : policy.conditions[0].condition_prometheus_query_language[0].disable_metric_validation])
    error_message = "Policies are made before the first metric exists."
  }

  assert {
    condition     = google_monitoring_alert_policy.rule["PhasegateNotScraped"].conditions[0].condition_prometheus_query_language[0].query == "absent(up{job=\"phasegate\",namespace=\"phasegate\"} == 1)"
    error_message = "Silence alerts."
  }
}

run "texts_are_in_the_language_of_cloud_monitoring" {
  command = plan

  variables {
    runbook_url = "https://example.com/runbook"
  }

  assert {
    condition     = google_monitoring_alert_policy.rule["PhasegateLogDropped"].documentation[0].subject == "The prediction log of model $${metric_or_resource.label.model} ($${metric_or_resource.label.digest}) had no room"
    error_message = "Labels are written as Cloud Monitoring reads them."
  }

  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.rule : !strcontains(policy.documentation[0].subject, "{{") && length(policy.documentation[0].content) > 60 && length(policy.documentation[0].content) < 8192])
    error_message = "Each has a section of the runbook, and no template of Prometheus is left."
  }

  assert {
    condition     = google_monitoring_alert_policy.rule["PhasegateDrift"].documentation[0].links[0].url == "https://example.com/runbook#phasegatedrift"
    error_message = "The link leads to the section."
  }
}

run "who_is_told" {
  command = plan

  variables {
    notification_channels = ["projects/fraud-dev-1234/notificationChannels/7"]
  }

  assert {
    condition     = google_monitoring_alert_policy.rule["PhasegateRequestsFail"].severity == "CRITICAL" && google_monitoring_alert_policy.rule["PhasegateDrift"].severity == "WARNING"
    error_message = "Severities are the rules'."
  }

  assert {
    condition     = google_monitoring_alert_policy.rule["PhasegateDriftNotJudged"].severity == null && length(coalesce(google_monitoring_alert_policy.rule["PhasegateDriftNotJudged"].notification_channels, [])) == 0
    error_message = "Information wakes nobody."
  }
}

run "channels_are_attached" {
  command = apply

  variables {
    notification_channels = ["projects/fraud-dev-1234/notificationChannels/7"]
  }

  assert {
    condition     = google_monitoring_alert_policy.rule["PhasegateDrift"].notification_channels == tolist(["projects/fraud-dev-1234/notificationChannels/7", "projects/fraud-dev-1234/notificationChannels/1"])
    error_message = "Those that exist, and those made here."
  }

  assert {
    condition     = length(google_monitoring_alert_policy.failed_run[0].notification_channels) == 2
    error_message = "Failed runs are told too."
  }
}

run "tokens_are_handed_over_and_kept_nowhere" {
  command = apply

  variables {
    slack         = { channel = "#fraud-oncall", version = 2 }
    slack_token   = "a-token"
    pagerduty     = { version = 1 }
    pagerduty_key = "a-key"
  }

  assert {
    condition     = google_monitoring_notification_channel.slack[0].sensitive_labels[0].auth_token == null && google_monitoring_notification_channel.slack[0].sensitive_labels[0].auth_token_wo == null && google_monitoring_notification_channel.pagerduty[0].sensitive_labels[0].service_key == null
    error_message = "The state has no token."
  }

  assert {
    condition     = google_monitoring_notification_channel.slack[0].sensitive_labels[0].auth_token_wo_version == "2"
    error_message = "A new number hands the token over anew."
  }

  assert {
    condition     = length(google_monitoring_alert_policy.rule["PhasegateRequestsFail"].notification_channels) == 3 && length(google_monitoring_alert_policy.rule["PhasegateDrift"].notification_channels) == 2
    error_message = "PagerDuty is told of critical alerts alone."
  }
}

run "a_channel_without_its_token_is_refused" {
  command = plan

  variables {
    slack     = { channel = "#fraud-oncall", version = 1 }
    pagerduty = { version = 1 }
  }

  expect_failures = [var.slack_token, var.pagerduty_key]
}

run "lines_of_failed_runs_are_found" {
  command = plan

  assert {
    condition = alltrue([
      for line in [
        "time=2026-11-29T10:00:00.000Z level=INFO msg=\"updated phase\" workflow=training-x7 namespace=kubeflow fromPhase=Running toPhase=Failed",
        "time=2026-11-29T10:00:00.000Z level=INFO msg=\"updated phase\" toPhase=Error fromPhase=Running workflow=training-x7",
      ] : can(regex(local.failed_text, line))
    ])
    error_message = "Argo's text log says so in any order of its fields."
  }

  assert {
    condition     = !can(regex(local.failed_text, "level=INFO msg=\"updated phase\" workflow=toPhase=Failedx fromPhase=Running toPhase=Succeeded"))
    error_message = "A run that succeeded is none."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.failed_run[0].conditions[0].condition_matched_log[0].filter, "(textPayload=~\"msg=\\\"updated phase\\\".* toPhase=(Failed|Error)( |$)\" OR ")
    error_message = "Quotes are escaped in the filter."
  }
}

run "without_failed_runs" {
  command = plan

  variables {
    failed_runs = false
  }

  assert {
    condition     = length(google_monitoring_alert_policy.failed_run) == 0
    error_message = "It can be left out."
  }
}

run "bad_values_are_refused" {
  command = plan

  variables {
    project_id            = "p"
    name                  = "-"
    labels                = { "1" = "x" }
    emails                = ["nobody"]
    notification_channels = ["7"]
    namespace             = "Phasegate"
    pipelines_namespace   = "kube_flow"
    runbook_url           = "http://example.com"
    evaluation_seconds    = 45
    slack                 = { channel = "oncall", version = 1 }
    slack_token           = "a-token"
    pagerduty             = { version = 0 }
    pagerduty_key         = "a-key"
  }

  expect_failures = [
    var.project_id, var.name, var.labels, var.emails, var.notification_channels, var.namespace,
    var.pipelines_namespace, var.runbook_url, var.evaluation_seconds, var.slack, var.pagerduty,
  ]
}

run "a_file_without_rules_is_refused" {
  command = plan

  variables {
    rules_file = "./README.md"
  }

  expect_failures = [var.rules_file]
}
