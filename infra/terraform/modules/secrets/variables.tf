variable "project_id" {
  description = "Project that holds the secrets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region that the values are kept in, and nowhere else."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
  }
}

variable "name" {
  description = "Prefix of the secrets' names."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "labels" {
  description = "Labels of each secret, beside app."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(var.labels) <= 63 && alltrue([
      for key, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels: at most 63, keys of 1 to 63 lower-case letters, digits, hyphens and underscores beginning with a letter, and values of at most 63 such characters."
  }
}

variable "deletion_protection" {
  description = "Whether secrets refuse to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "secrets" {
  description = "Secrets to make, by name: what each is for, who may read its value, and after how many days somebody is reminded to change it (null: never)."
  type = map(object({
    purpose       = string
    accessors     = optional(set(string), [])
    rotation_days = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.secrets) : can(regex("^[a-z][a-z0-9-]{0,98}[a-z0-9]$", key))])
    error_message = "secrets: names are of 2 to 100 lower-case letters, digits and hyphens, such as \"log-key\"."
  }

  validation {
    condition     = alltrue([for secret in values(var.secrets) : length(trimspace(secret.purpose)) > 0 && length(secret.purpose) <= 500])
    error_message = "secrets: purpose says in a sentence what a secret is for; whoever rotates it will ask."
  }

  validation {
    condition = alltrue(flatten([
      for secret in values(var.secrets) : [for member in secret.accessors : can(regex("^(serviceAccount|user|group|principal|principalSet):[^\\s]+$", member))]
    ]))
    error_message = "secrets: accessors are members, such as \"serviceAccount:EMAIL\"; allUsers and allAuthenticatedUsers are the whole world."
  }

  validation {
    condition = alltrue([
      for secret in values(var.secrets) :
      secret.rotation_days == null || try(secret.rotation_days >= 1 && secret.rotation_days <= 3650 && floor(secret.rotation_days) == secret.rotation_days, false)
    ])
    error_message = "secrets: rotation_days are whole days from 1 to 3650, or null."
  }
}

variable "kms_key" {
  description = "Key of Cloud KMS that the values are encrypted with, in their region; null leaves it to Google. It cannot be changed afterwards."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key: write projects/PROJECT/locations/${var.region}/keyRings/RING/cryptoKeys/KEY, a key of the region of the values, without a version, or null."
  }
}

variable "topic_kms_key" {
  description = "Key of Cloud KMS for the topic of reminders, whose service agent must be allowed to use it; null leaves it to Google. Reminders have names and no values."
  type        = string
  default     = null

  validation {
    condition     = var.topic_kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.topic_kms_key))
    error_message = "topic_kms_key: write projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY, without a version, or null."
  }
}
