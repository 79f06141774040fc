# Rules become policies one by one: each has its own severity, text and incident.
resource "google_monitoring_alert_policy" "rule" {
  for_each = local.rules

  project      = var.project_id
  display_name = each.key
  combiner     = "OR"
  severity     = lookup(local.severities, each.value.labels.severity, null)
  user_labels  = merge(var.labels, { severity = each.value.labels.severity })

  notification_channels = lookup(local.channels, each.value.labels.severity, [])

  conditions {
    display_name = each.key

    condition_prometheus_query_language {
      query               = each.value.expr
      duration            = "${local.seconds[each.key]}s"
      evaluation_interval = "${var.evaluation_seconds}s"
      alert_rule          = each.key
      rule_group          = each.value.group
      labels              = { severity = each.value.labels.severity }

      # At the first apply nothing has been served, so that no metric exists yet.
      disable_metric_validation = true
    }
  }

  alert_strategy {
    auto_close = "1800s"
  }

  documentation {
    mime_type = "text/markdown"
    subject   = local.subjects[each.key]
    content   = "${each.value.annotations.description}\n\n${lookup(local.runbook, each.key, "")}"

    dynamic "links" {
      for_each = var.runbook_url == null ? [] : ["${var.runbook_url}#${lower(each.key)}"]
      content {
        display_name = "Runbook"
        url          = links.value
      }
    }
  }
}

# Kubeflow Pipelines has no metric of failed runs. Its workflow controller logs each change of phase.
resource "google_monitoring_alert_policy" "failed_run" {
  count = var.failed_runs ? 1 : 0

  project      = var.project_id
  display_name = "PhasegateRunFailed"
  combiner     = "OR"
  severity     = "WARNING"
  user_labels  = merge(var.labels, { severity = "warning" })

  notification_channels = local.channels.warning

  conditions {
    display_name = "PhasegateRunFailed"

    condition_matched_log {
      filter = <<-EOT
        resource.type="k8s_container"
        resource.labels.namespace_name="${var.pipelines_namespace}"
        resource.labels.container_name="workflow-controller"
        (textPayload=~"${replace(replace(local.failed_text, "\\", "\\\\"), "\"", "\\\"")}" OR (jsonPayload.msg="updated phase" AND jsonPayload.toPhase=("Failed" OR "Error")))
      EOT

      label_extractors = {
        workflow = "REGEXP_EXTRACT(textPayload, \"workflow=([^ ]+)\")"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = "A run of Kubeflow Pipelines failed: $${log.extracted_label.workflow}"
    content   = lookup(local.runbook, "PhasegateRunFailed", "")

    dynamic "links" {
      for_each = var.runbook_url == null ? [] : ["${var.runbook_url}#phasegaterunfailed"]
      content {
        display_name = "Runbook"
        url          = links.value
      }
    }
  }
}
