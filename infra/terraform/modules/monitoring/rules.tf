locals {
  rules_file = coalesce(var.rules_file, "${path.module}/../../../../kserve_manifests/observability/alerts.yaml")
  document   = yamldecode(file(local.rules_file))
  units      = { s = 1, m = 60, h = 3600, d = 86400 }

  # As Prometheus has them.
  listed = flatten([
    for group in local.document.groups : [
      for rule in group.rules : merge(rule, { group = group.name, wait = rule["for"] })
    ]
  ])

  # Rules about metrics are silent when none come: this one is not. The job is the PodMonitoring's name.
  silence = {
    alert  = "PhasegateNotScraped"
    group  = "phasegate-scraping"
    expr   = "absent(up{job=\"phasegate\",namespace=\"${var.namespace}\"} == 1)"
    wait   = "15m"
    labels = { severity = "critical" }
    annotations = {
      summary     = "No metrics come from ${var.namespace}: nothing else can alert"
      description = "No predictor or sidecar has been scraped for 15 minutes."
    }
  }

  # Cloud Monitoring writes labels differently: "@{" stands for its "$" and brace, which replace()
  # would take for a group of the expression.
  marked = {
    for rule in concat(local.listed, [local.silence]) :
    rule.alert => replace(rule.annotations.summary, "/\\{\\{ *\\$labels\\.([a-z_]+) *\\}\\}/", "@{$1}")
  }

  rules = {
    for rule in concat(local.listed, [local.silence]) : rule.alert => {
      group       = rule.group
      expr        = rule.expr
      seconds     = tonumber(regex("^[0-9]+", rule.wait)) * local.units[regex("[smhd]$", rule.wait)]
      severity    = rule.labels.severity
      summary     = replace(local.marked[rule.alert], "@{", "$${metric_or_resource.label.")
      description = rule.annotations.description
    }
  }

  # There is no severity for what nobody need be told of.
  severities = { critical = "CRITICAL", warning = "WARNING" }

  # Sections of RUNBOOK.md, by the alert's name.
  sections = split("\n## ", file("${path.module}/RUNBOOK.md"))
  runbook = {
    for section in local.sections : split("\n", section)[0] => trimspace(replace(section, "/^[^\n]*\n/", ""))
  }

  # A line of Argo's workflow controller, version 4: fields behind the message are in no order.
  failed_text = "msg=\"updated phase\".* toPhase=(Failed|Error)( |$)"
}
