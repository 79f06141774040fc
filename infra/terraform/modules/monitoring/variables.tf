variable "project_id" {
  description = "Project whose metrics and logs are watched."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "name" {
  description = "Prefix of all resources."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "labels" {
  description = "Labels of policies and channels."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(var.labels) <= 64 && alltrue([
      for key, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels: at most 64, keys of 1 to 63 lower-case letters, digits, hyphens and underscores beginning with a letter, and values of at most 63 such characters."
  }
}

variable "notification_channels" {
  description = "Channels that exist, told of alerts beside those made here."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels: each is \"projects/PROJECT/notificationChannels/NUMBER\", as `gcloud beta monitoring channels list` prints it."
  }
}

variable "rules_file" {
  description = "Prometheus' rules that the policies are made from; null for this repository's own, kserve_manifests/observability/alerts.yaml."
  type        = string
  default     = null

  validation {
    condition     = var.rules_file == null || try(fileexists(var.rules_file), false)
    error_message = "rules_file does not exist: give the path of a file that `phasegate compile` wrote, or null."
  }

  validation {
    condition     = var.rules_file == null || can([for group in yamldecode(file(var.rules_file)).groups : [for rule in group.rules : [rule.alert, rule.expr, rule["for"], rule.labels.severity, rule.annotations.summary, rule.annotations.description]]])
    error_message = "rules_file is no file of alert rules: groups of rules, each with alert, expr, for, labels.severity, annotations.summary and annotations.description."
  }
}

variable "namespace" {
  description = "Kubernetes namespace that the model is served in."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace \"${var.namespace}\" is no name of a namespace."
  }
}

variable "pipelines_namespace" {
  description = "Kubernetes namespace that Kubeflow Pipelines runs in."
  type        = string
  default     = "kubeflow"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.pipelines_namespace))
    error_message = "pipelines_namespace \"${var.pipelines_namespace}\" is no name of a namespace."
  }
}

variable "emails" {
  description = "Addresses that are told of alerts."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "emails: each is an address, such as \"fraud-oncall@example.com\"."
  }
}

variable "slack" {
  description = "Slack channel that is told, and the number of its token's version: another number hands over slack_token anew."
  type        = object({ channel = string, version = number })
  default     = null

  validation {
    condition     = var.slack == null || try(startswith(var.slack.channel, "#") && var.slack.version >= 1, false)
    error_message = "slack: {channel = \"#fraud-oncall\", version = 1}. The token itself is slack_token."
  }
}

variable "slack_token" {
  description = "Token of Slack's channel, from Secret Manager: it is handed over, and kept nowhere."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.slack == null || try(length(var.slack_token) > 0, false)
    error_message = "slack needs slack_token: TF_VAR_..., or an ephemeral google_secret_manager_secret_version."
  }
}

variable "pagerduty" {
  description = "PagerDuty's service, told of critical alerts alone: the number of its key's version, as for slack."
  type        = object({ version = number })
  default     = null

  validation {
    condition     = var.pagerduty == null || try(var.pagerduty.version >= 1, false)
    error_message = "pagerduty: {version = 1}. The integration key itself is pagerduty_key."
  }
}

variable "pagerduty_key" {
  description = "Integration key of PagerDuty's service, from Secret Manager: it is handed over, and kept nowhere."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.pagerduty == null || try(length(var.pagerduty_key) > 0, false)
    error_message = "pagerduty needs pagerduty_key: TF_VAR_..., or an ephemeral google_secret_manager_secret_version."
  }
}

variable "runbook_url" {
  description = "Address of RUNBOOK.md where people read it, for the link in notifications; null for none. Its text is in them either way."
  type        = string
  default     = null

  validation {
    condition     = var.runbook_url == null || can(regex("^https://[^ #]+$", var.runbook_url))
    error_message = "runbook_url: an https address without a fragment: the alert's name is put behind it."
  }
}

variable "evaluation_seconds" {
  description = "Seconds between two evaluations of each policy: what it costs is in proportion."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.evaluation_seconds >= 30 && var.evaluation_seconds <= 3600 && var.evaluation_seconds % 30 == 0
    error_message = "evaluation_seconds: a multiple of 30, from 30 to 3600."
  }
}

variable "failed_runs" {
  description = "Whether failed runs of Kubeflow Pipelines alert."
  type        = bool
  default     = true
  nullable    = false
}
