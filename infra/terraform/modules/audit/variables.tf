variable "project_id" {
  description = "Project whose data and logs these are."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region that the logs are kept in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
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

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the logs' bucket."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key" {
  description = "Key of your own for the logs, in the same region; null for Google's. A bucket cannot go back to Google's."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key is no id of a key: write \"projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY\", without a version, or leave it out."
  }
}

variable "retention_days" {
  description = "Days for which the audit log is kept."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.retention_days >= 400 && var.retention_days <= 3650 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days (${var.retention_days}): 400 to 3650 whole days. Less than 400 is shorter than Google keeps the administrators' own log, and than a yearly audit looks back."
  }
}

variable "locked" {
  description = "Whether nobody, you included, can shorten the retention or delete the logs any more. It cannot be taken back: the project stays until the last log is old enough."
  type        = bool
  default     = false
  nullable    = false
}

variable "services" {
  description = "Services whose data is logged: whether reads and whether writes are, and which members' reads are not. Administrators' changes always are."
  type = map(object({
    reads          = optional(bool, true)
    writes         = optional(bool, true)
    exempt_readers = optional(list(string), [])
  }))
  default = {
    "storage.googleapis.com"          = {}
    "cloudsql.googleapis.com"         = {}
    "secretmanager.googleapis.com"    = {}
    "artifactregistry.googleapis.com" = { reads = false }
  }
  nullable = false

  validation {
    condition     = alltrue([for service in keys(var.services) : can(regex("^[a-z]+(\\.[a-z]+)*\\.googleapis\\.com$", service))])
    error_message = "services: keys are names of services, such as \"storage.googleapis.com\". allServices is not taken: it would log what holds no data, and cost more than the rest together."
  }

  validation {
    condition     = alltrue([for service in ["storage.googleapis.com", "secretmanager.googleapis.com"] : try(var.services[service].writes, false)])
    error_message = "services: writes of storage.googleapis.com and secretmanager.googleapis.com must be logged: models, release records and keys are there."
  }

  validation {
    condition = alltrue(flatten([
      for service in values(var.services) : [
        for member in service.exempt_readers : can(regex("^(user|group|serviceAccount):.+@.+$", member))
      ]
    ]))
    error_message = "services: each of exempt_readers is \"serviceAccount:EMAIL\", \"user:EMAIL\" or \"group:EMAIL\"."
  }
}

variable "exclude_from_default" {
  description = "Whether the data's log is left out of the project's _Default bucket, where it would be paid for a second time."
  type        = bool
  default     = true
  nullable    = false
}
