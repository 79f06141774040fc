variable "project_id" {
  description = "Project that holds the buckets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region of the buckets: that of the cluster, so that reading them costs nothing."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
  }
}

variable "name" {
  description = "Part of the buckets' names, behind the project's id."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "labels" {
  description = "Labels of each bucket, beside app and component."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(var.labels) <= 62 && alltrue([
      for key, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels: at most 62, keys of 1 to 63 lower-case letters, digits, hyphens and underscores beginning with a letter, and values of at most 63 such characters."
  }
}

variable "kms_key" {
  description = "Key of Cloud KMS that the buckets are encrypted with, in their region; null leaves it to Google. Objects that are there already stay as they are."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key: write projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY, without a version, or null."
  }

  validation {
    condition     = var.kms_key == null || !can(regex("/locations/", var.kms_key)) || can(regex("/locations/${var.region}/", var.kms_key))
    error_message = "kms_key: a bucket in ${var.region} takes a key of ${var.region} only; make one there."
  }
}

variable "audit_retention_days" {
  description = "For how long an audit may ask about a decision. What is kept by a retention policy is kept at least that long."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.audit_retention_days >= 1 && var.audit_retention_days <= 3650 && floor(var.audit_retention_days) == var.audit_retention_days
    error_message = "audit_retention_days: whole days from 1 to 3650."
  }
}

variable "log_retention_days" {
  description = "Days in which nothing of the prediction log can be overwritten or deleted, by anybody."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.log_retention_days <= 3650 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days: whole days, at most 3650."
  }

  validation {
    condition     = var.log_retention_days >= var.audit_retention_days
    error_message = "log_retention_days is ${var.log_retention_days}, and an audit may ask for ${var.audit_retention_days} days back (audit_retention_days): write at least ${var.audit_retention_days} here, or lower audit_retention_days if your rules allow it."
  }
}

variable "log_delete_days" {
  description = "Age at which files of the prediction log are deleted: it is about people, and is not kept for ever."
  type        = number
  default     = 730
  nullable    = false

  validation {
    condition     = floor(var.log_delete_days) == var.log_delete_days && var.log_delete_days >= var.log_retention_days
    error_message = "log_delete_days is ${var.log_delete_days}, and the log is retained for ${var.log_retention_days} days (log_retention_days), in which nothing can be deleted: write whole days, at least ${var.log_retention_days}."
  }
}

variable "lock_log_retention" {
  description = "Whether the log's retention policy is locked. For ever: nobody can shorten or remove it again, not even Google, and the bucket cannot be deleted before its last file is old enough."
  type        = bool
  default     = false
  nullable    = false
}

variable "snapshots_retention_days" {
  description = "Days in which no snapshot can be overwritten or deleted, by anybody; null keeps versions instead. Shards of training by several workers are kept as long."
  type        = number
  default     = null

  validation {
    condition     = var.snapshots_retention_days == null || try(var.snapshots_retention_days <= 3650 && floor(var.snapshots_retention_days) == var.snapshots_retention_days, false)
    error_message = "snapshots_retention_days: whole days, at most 3650, or null."
  }

  validation {
    condition     = var.snapshots_retention_days == null || try(var.snapshots_retention_days >= var.audit_retention_days, false)
    error_message = "snapshots_retention_days is shorter than an audit may ask back: write at least ${var.audit_retention_days} (audit_retention_days), or null, which keeps snapshots until somebody deletes them."
  }
}

variable "training_days" {
  description = "Age at which shards and results of training by several workers are deleted; more than a training can take."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.training_days >= 2 && var.training_days <= 365 && floor(var.training_days) == var.training_days
    error_message = "training_days: whole days from 2, because a training may take one, to 365."
  }
}

variable "noncurrent_days" {
  description = "Days for which what was overwritten or deleted stays as a version, in buckets that keep versions."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.noncurrent_days >= 7 && var.noncurrent_days <= 3650 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "noncurrent_days: whole days from 7, in which somebody may notice, to 3650."
  }
}

variable "soft_delete_days" {
  description = "Days for which Cloud Storage can restore what was deleted from artifacts and snapshots, versions included. The log has the shortest, seven."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.soft_delete_days >= 7 && var.soft_delete_days <= 90 && floor(var.soft_delete_days) == var.soft_delete_days
    error_message = "soft_delete_days: whole days from 7 to 90, which is what Cloud Storage offers."
  }
}
