variable "project_id" {
  description = "Project that the database is made in."
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
  description = "Whether the instance refuses to be deleted: by Terraform, and, through its own flag, by everybody else."
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
  description = "Key of your own for the disk, in the instance's region; null for Google's. It cannot be changed afterwards, and Cloud SQL's service agent must be allowed to use it before."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key is no id of a key: write \"projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY\", without a version, or leave it out."
  }
}

variable "service_account_email" {
  description = "Service account that the tracking server runs as. It is the database's only user, without a password."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+\\.gserviceaccount\\.com$", var.service_account_email))
    error_message = "service_account_email \"${var.service_account_email}\" is no service account's address: write \"NAME@PROJECT.iam.gserviceaccount.com\"."
  }
}

variable "database_version" {
  description = "Version of PostgreSQL. A newer one upgrades the instance in place, with minutes of downtime."
  type        = string
  default     = "POSTGRES_17"
  nullable    = false

  validation {
    condition     = contains(["POSTGRES_15", "POSTGRES_16", "POSTGRES_17", "POSTGRES_18"], var.database_version)
    error_message = "database_version \"${var.database_version}\": POSTGRES_15 to POSTGRES_18."
  }
}

variable "edition" {
  description = "Edition of Cloud SQL."
  type        = string
  default     = "ENTERPRISE"
  nullable    = false

  validation {
    condition     = contains(["ENTERPRISE", "ENTERPRISE_PLUS"], var.edition)
    error_message = "edition \"${var.edition}\": ENTERPRISE or ENTERPRISE_PLUS."
  }
}

variable "tier" {
  description = "Machine: db-custom-CPUS-MEGABYTES or a shared core in ENTERPRISE, db-perf-optimized-N-CPUS in ENTERPRISE_PLUS."
  type        = string
  default     = "db-custom-1-3840"
  nullable    = false

  validation {
    condition     = can(regex("^db-(f1-micro|g1-small|custom-[0-9]+-[0-9]+|perf-optimized-N-[0-9]+)$", var.tier))
    error_message = "tier \"${var.tier}\" is no machine: write one such as \"db-custom-2-7680\"."
  }

  validation {
    condition     = startswith(var.tier, "db-perf-optimized-") == (var.edition == "ENTERPRISE_PLUS")
    error_message = "tier \"${var.tier}\" is not of the edition ${var.edition}: ENTERPRISE_PLUS has db-perf-optimized-N-* only, and ENTERPRISE all others."
  }
}

variable "availability" {
  description = "ZONAL, or REGIONAL for a standby in another zone at twice the price."
  type        = string
  default     = "ZONAL"
  nullable    = false

  validation {
    condition     = contains(["ZONAL", "REGIONAL"], var.availability)
    error_message = "availability \"${var.availability}\": ZONAL or REGIONAL."
  }

  validation {
    condition     = var.availability == "ZONAL" || !contains(["db-f1-micro", "db-g1-small"], var.tier)
    error_message = "availability REGIONAL with a shared core has no service level: choose a db-custom tier."
  }
}

variable "disk_size_gb" {
  description = "Size of the disk at first. It grows by itself, and never shrinks."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.disk_size_gb >= 10 && floor(var.disk_size_gb) == var.disk_size_gb
    error_message = "disk_size_gb: a whole number, at least 10."
  }
}

variable "disk_limit_gb" {
  description = "Size up to which the disk grows by itself: what a runaway client can cost."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.disk_limit_gb >= var.disk_size_gb
    error_message = "disk_limit_gb (${var.disk_limit_gb}) is less than disk_size_gb (${var.disk_size_gb}): the disk could not be made."
  }
}

variable "backups" {
  description = "Daily backups kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.backups >= 7 && var.backups <= 365
    error_message = "backups: 7 to 365. A mistake in the register is often noticed only days later."
  }
}

variable "recovery_days" {
  description = "Days within which any moment can be restored, from the transaction log."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.recovery_days >= 1 && var.recovery_days <= (var.edition == "ENTERPRISE_PLUS" ? 35 : 7)
    error_message = "recovery_days: 1 to 7 in the edition ENTERPRISE, and to 35 in ENTERPRISE_PLUS."
  }

  validation {
    condition     = var.recovery_days <= var.backups
    error_message = "recovery_days (${var.recovery_days}) is more than backups (${var.backups}): a moment is restored from the backup before it."
  }
}

variable "backup_location" {
  description = "Where backups are: a region or multi-region; null for the multi-region nearest to the instance."
  type        = string
  default     = null
}

variable "maintenance" {
  description = "Hour of the week, in UTC, in which the instance may restart for updates. Day 1 is Monday."
  type        = object({ day = number, hour = number })
  default     = { day = 7, hour = 3 }
  nullable    = false

  validation {
    condition     = contains(range(1, 8), var.maintenance.day) && contains(range(0, 24), var.maintenance.hour)
    error_message = "maintenance: day 1 (Monday) to 7, hour 0 to 23, in UTC."
  }
}
