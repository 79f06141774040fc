variable "maintenance_window" {
  description = "When GKE may upgrade, in UTC: the first window's start and end, and how it recurs (RFC 5545). A release that is under way goes on: pods are drained with respect to their budgets."
  type = object({
    start_time = string
    end_time   = string
    recurrence = string
  })
  nullable = false
  default = {
    start_time = "2026-01-03T01:00:00Z"
    end_time   = "2026-01-03T07:00:00Z"
    recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
  }

  validation {
    condition     = can(regex("Z$", var.maintenance_window.start_time)) && can(regex("Z$", var.maintenance_window.end_time)) && can(timeadd(var.maintenance_window.start_time, "0s")) && can(timeadd(var.maintenance_window.end_time, "0s"))
    error_message = "maintenance_window: times in UTC, such as \"2026-01-03T01:00:00Z\". GKE would turn others into these, and Terraform would see a change each time."
  }

  validation {
    condition     = try(timecmp(timeadd(var.maintenance_window.start_time, "4h"), var.maintenance_window.end_time) <= 0 && timecmp(timeadd(var.maintenance_window.start_time, "24h"), var.maintenance_window.end_time) >= 0, true)
    error_message = "maintenance_window: from ${var.maintenance_window.start_time} to ${var.maintenance_window.end_time} is not 4 to 24 hours; shorter ones GKE does not count."
  }

  validation {
    condition     = can(regex("^FREQ=(DAILY|WEEKLY)(;|$)", var.maintenance_window.recurrence))
    error_message = "maintenance_window: recurrence \"${var.maintenance_window.recurrence}\": write \"FREQ=DAILY\", or \"FREQ=WEEKLY;BYDAY=SA,SU\". Less often leaves security fixes waiting."
  }
}

variable "maintenance_exclusions" {
  description = "When GKE may not upgrade after all, by name: `NO_UPGRADES`, `NO_MINOR_UPGRADES` or `NO_MINOR_OR_NODE_UPGRADES` from and until a time in UTC."
  type = map(object({
    start_time = string
    end_time   = string
    scope      = optional(string, "NO_UPGRADES")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.maintenance_exclusions) <= 20 && alltrue([for exclusion in values(var.maintenance_exclusions) : contains(["NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES"], exclusion.scope)])
    error_message = "maintenance_exclusions: at most 20, each with scope NO_UPGRADES, NO_MINOR_UPGRADES or NO_MINOR_OR_NODE_UPGRADES."
  }

  validation {
    condition     = alltrue([for exclusion in values(var.maintenance_exclusions) : endswith(exclusion.start_time, "Z") && endswith(exclusion.end_time, "Z") && try(timecmp(exclusion.start_time, exclusion.end_time) < 0, false)])
    error_message = "maintenance_exclusions: times in UTC such as \"2026-12-18T00:00:00Z\", the end after the start."
  }
}
