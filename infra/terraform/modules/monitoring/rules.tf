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

  every = concat(local.listed, [local.silence])
  rules = { for rule in local.every : rule.alert => rule }

  number  = { for rule in local.every : rule.alert => tonumber(regex("^[0-9]+", rule.wait)) }
  unit    = { for rule in local.every : rule.alert => lookup(local.units, regex("[smhd]$", rule.wait)) }
  seconds = { for name in keys(local.rules) : name => local.number[name] * local.unit[name] }

  # Cloud Monitoring writes labels differently: "@{" stands for its "$" and brace, which replace()
  # would take for a group of the expression.
  marked   = { for rule in local.every : rule.alert => replace(rule.annotations.summary, "/\\{\\{ *\\$labels\\.([a-z_]+) *\\}\\}/", "@{$1}") }
  label    = join("", ["$", "{metric_or_resource.label."])
  subjects = { for name, text in local.marked : name => replace(text, "@{", local.label) }

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
