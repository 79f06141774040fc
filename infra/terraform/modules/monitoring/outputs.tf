output "policies" {
  description = "Ids of the policies, by the alert's name."
  value = merge(
    { for name, policy in google_monitoring_alert_policy.rule : name => policy.name },
    { for policy in google_monitoring_alert_policy.failed_run : "PhasegateRunFailed" => policy.name },
  )
}

output "notification_channels" {
  description = "Ids of the channels that are told of critical alerts: for a budget, take at most 5."
  value       = local.channels.critical
}
