variable "project_id" {
  description = "Project whose spending is counted."
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

variable "notification_channels" {
  description = "Channels told of each threshold, beside the billing account's administrators: at most 5."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels: each is \"projects/PROJECT/notificationChannels/NUMBER\", as `gcloud beta monitoring channels list` prints it."
  }

  validation {
    condition     = length(var.notification_channels) <= 5
    error_message = "notification_channels: a budget takes at most 5."
  }
}

variable "billing_account" {
  description = "Billing account that pays for the project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account \"${var.billing_account}\" is no billing account: write \"012345-6789AB-CDEF01\", as `gcloud billing accounts list` prints it, with capital letters and without \"billingAccounts/\"."
  }
}

variable "amount" {
  description = "Budget of a month, in whole units of the currency: somewhat above the busy column of the cost table."
  type        = number
  nullable    = false

  validation {
    condition     = var.amount >= 1 && floor(var.amount) == var.amount
    error_message = "amount: a whole number, at least 1."
  }
}

variable "currency" {
  description = "Currency of the billing account, by its three letters; null takes whichever it is."
  type        = string
  default     = null

  validation {
    condition     = var.currency == null || can(regex("^[A-Z]{3}$", var.currency))
    error_message = "currency: three capital letters, such as \"EUR\". It must be the billing account's own, or null."
  }
}

variable "thresholds" {
  description = "Shares of the amount at which what was spent is told."
  type        = set(number)
  default     = [0.5, 0.9, 1.0]
  nullable    = false

  validation {
    condition     = length(var.thresholds) > 0 && alltrue([for share in var.thresholds : share > 0 && share <= 10])
    error_message = "thresholds: at least one share of the amount, 0.9 for 90 %, above 0 and at most 10."
  }
}

variable "forecast_thresholds" {
  description = "Shares of the amount at which the forecast of the month's end is told: often weeks earlier."
  type        = set(number)
  default     = [1.0]
  nullable    = false

  validation {
    condition     = alltrue([for share in var.forecast_thresholds : share > 0 && share <= 10])
    error_message = "forecast_thresholds: shares of the amount, 1.0 for 100 %, above 0 and at most 10."
  }
}

variable "pubsub_topic" {
  description = "Topic that gets every update of the spending, for automation; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.pubsub_topic == null || can(regex("^projects/[^/]+/topics/[^/]+$", var.pubsub_topic))
    error_message = "pubsub_topic is no id of a topic: write \"projects/PROJECT/topics/TOPIC\"."
  }
}
