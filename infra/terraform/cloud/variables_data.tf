variable "audit_retention_days" {
  description = "Days for which it must be possible to say who did what, and what a model answered."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.audit_retention_days >= 400 && var.audit_retention_days <= 3650 && floor(var.audit_retention_days) == var.audit_retention_days
    error_message = "audit_retention_days (${var.audit_retention_days}): 400 to 3650 whole days. Less than 400 is shorter than Google keeps the administrators' own log, and than a yearly audit looks back."
  }
}

variable "audit_locked" {
  description = "Whether nobody, you included, can shorten the retention of audit log and prediction log any more. It cannot be taken back."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which the prediction log is kept: at least audit_retention_days."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.log_retention_days >= var.audit_retention_days
    error_message = "log_retention_days (${var.log_retention_days}) is shorter than audit_retention_days (${var.audit_retention_days}): a decision could be asked about whose prediction is gone. Raise it, or ask the auditors for less."
  }
}

variable "log_delete_days" {
  description = "Age at which files of the prediction log are deleted: it is about people, and is not kept for ever."
  type        = number
  default     = 730
  nullable    = false

  validation {
    condition     = var.log_delete_days >= var.log_retention_days
    error_message = "log_delete_days (${var.log_delete_days}) is less than log_retention_days (${var.log_retention_days}), in which nothing can be deleted: write at least ${var.log_retention_days}."
  }
}

variable "data_sources" {
  description = "Buckets that pipelines read events and labels from (data.source and release.labels.source of a project), by name."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for bucket in var.data_sources : !startswith(bucket, "gs://") && !can(regex("/", bucket))])
    error_message = "data_sources: names of buckets, such as \"fraud-events\", without gs:// and without a folder."
  }
}

variable "image_scanning" {
  description = "Whether pushed images are searched for known vulnerabilities, at 0.26 USD an image."
  type        = bool
  default     = false
  nullable    = false
}

variable "database" {
  description = "Machine of MLflow's PostgreSQL, whether it has a standby in another zone (REGIONAL) or not (ZONAL), and daily backups kept."
  type = object({
    tier         = optional(string, "db-custom-1-3840")
    availability = optional(string, "ZONAL")
    backups      = optional(number, 30)
  })
  default  = {}
  nullable = false
}

variable "redis" {
  description = "Online store of features that are shared by servers: BASIC or STANDARD_HA, and memory in GiB; null for none."
  type = object({
    tier           = optional(string, "BASIC")
    memory_size_gb = optional(number, 1)
  })
  default = null
}

variable "secrets" {
  description = "Secrets to make, without their values: what each is for, who reads it (\"serviceAccount:EMAIL\"), and after how many days somebody is reminded to change it (null: never)."
  type = map(object({
    purpose       = string
    accessors     = optional(set(string), [])
    rotation_days = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = !contains(keys(var.secrets), "redis-auth")
    error_message = "secrets: \"redis-auth\" is made by itself where redis is; give yours another name."
  }
}
