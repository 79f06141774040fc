locals {
  rules_file = coalesce(var.rules_file, "${path.module}/../../../../kserve_manifests/observability/alerts.yaml")
  units      = { s = 1, m = 60, h = 3600, d = 86400 }

  # As Prometheus has them.
  given = merge([
    for group in yamldecode(file(local.rules_file)).groups : {
      for rule in group.rules : rule.alert => {
        group       = group.name
        expr        = rule.expr
        wait        = rule["for"]
        severity    = rule.labels.severity
        summary     = rule.annotations.summary
        description = rule.annotations.description
      }
    }
  ]...)

  # Rules about metrics are silent when none come: this one is not. The job is the PodMonitoring's name.
  all = merge(local.given, {
    PhasegateNotScraped = {
      group       = "phasegate-scraping"
      expr        = "absent(up{job=\"phasegate\",namespace=\"${var.namespace}\"} == 1)"
      wait        = "15m"
      severity    = "critical"
      summary     = "No metrics come from ${var.namespace}: nothing else can alert"
      description = "No predictor or sidecar has been scraped for 15 minutes."
    }
  })

  # Cloud Monitoring writes labels differently: "@{" stands for its "$" and brace, which replace()
  # would take for a group of the expression.
  rules = {
    for name, rule in local.all : name => merge(rule, {
      seconds = tonumber(regex("^([0-9]+)([smhd])$", rule.wait)[0]) * local.units[regex("^([0-9]+)([smhd])$", rule.wait)[1]]
      summary = replace(replace(rule.summary, "/\\{\\{ *\\$labels\\.([a-z_]+) *\\}\\}/", "@{$1}"), "@{", "$${metric_or_resource.label.")
    })
  }

  # There is no severity for what nobody need be told of.
  severities = { critical = "CRITICAL", warning = "WARNING" }

  # Sections of RUNBOOK.md, by the alert's name.
  runbook = {
    for section in slice(split("\n## ", file("${path.module}/RUNBOOK.md")), 1, length(split("\n## ", file("${path.module}/RUNBOOK.md")))) :
    split("\n", section)[0] => trimspace(join("\n", slice(split("\n", section), 1, length(split("\n", section)))))
  }

  # A line of Argo's workflow controller, version 4: fields behind the message are in no order.
  failed_text = "msg=\"updated phase\".* toPhase=(Failed|Error)( |$)"
}
