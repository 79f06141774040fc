variable "project_id" {
  description = "Project that the instance is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region of the instance: that of the cluster."
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

variable "labels" {
  description = "Labels of the instance."
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

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the instance."
  type        = bool
  default     = true
  nullable    = false
}

variable "network_id" {
  description = "Id of the network whose addresses reach it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("projects/[^/]+/global/networks/[^/]+$", var.network_id))
    error_message = "network_id is no id of a network: give network_id of the module network, \"projects/PROJECT/global/networks/NETWORK\"."
  }
}

variable "private_services_connection" {
  description = "Id of the network's private service access. It is waited for, and what is made here is taken away before it."
  type        = string
  nullable    = false

  validation {
    condition     = var.private_services_connection != ""
    error_message = "private_services_connection is empty: give private_services_connection of the module network."
  }
}

variable "kms_key" {
  description = "Key of your own for snapshots and disks, in the instance's region; null for Google's. Memorystore's service agent must be allowed to use it before."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key is no id of a key: write \"projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY\", without a version, or leave it out."
  }
}

variable "tier" {
  description = "BASIC, one node that is empty after a failure; or STANDARD_HA, with a replica in another zone. The one cannot become the other."
  type        = string
  default     = "BASIC"
  nullable    = false

  validation {
    condition     = contains(["BASIC", "STANDARD_HA"], var.tier)
    error_message = "tier \"${var.tier}\": BASIC or STANDARD_HA."
  }
}

variable "memory_size_gb" {
  description = "Memory, in GiB. When it is full, writes are refused."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.memory_size_gb >= 1 && var.memory_size_gb <= 300 && floor(var.memory_size_gb) == var.memory_size_gb
    error_message = "memory_size_gb: a whole number from 1 to 300."
  }
}

variable "redis_version" {
  description = "Version of Redis. It can be raised, not lowered."
  type        = string
  default     = "REDIS_7_2"
  nullable    = false

  validation {
    condition     = can(regex("^REDIS_[6-9]_[0-9X]$", var.redis_version))
    error_message = "redis_version \"${var.redis_version}\": REDIS_6_X or newer, such as REDIS_7_2. Older ones have no encryption in transit."
  }
}

variable "snapshots" {
  description = "Time between snapshots on disk, null for none: after the loss of all nodes the newest is read again."
  type        = string
  default     = null

  validation {
    condition     = var.snapshots == null || try(contains(["ONE_HOUR", "SIX_HOURS", "TWELVE_HOURS", "TWENTY_FOUR_HOURS"], var.snapshots), false)
    error_message = "snapshots: ONE_HOUR, SIX_HOURS, TWELVE_HOURS, TWENTY_FOUR_HOURS or null."
  }
}

variable "auth_secret" {
  description = "Id of the Secret Manager secret that the password is written to as a new version: what pods read it from."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^projects/[^/]+/secrets/[^/]+$", var.auth_secret))
    error_message = "auth_secret is no id of a secret: give one of the module secrets' ids, \"projects/PROJECT/secrets/NAME\", without a version."
  }
}

variable "maintenance" {
  description = "Hour of the week, in UTC, in which updates may fail over, or with BASIC empty it."
  type        = object({ day = string, hour = number })
  default     = { day = "SUNDAY", hour = 3 }
  nullable    = false

  validation {
    condition     = contains(["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"], var.maintenance.day) && contains(range(0, 24), var.maintenance.hour)
    error_message = "maintenance: a day such as SUNDAY and an hour from 0 to 23, in UTC."
  }
}
