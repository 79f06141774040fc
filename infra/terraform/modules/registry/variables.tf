variable "project_id" {
  description = "Project that the repository is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region of the repository: the cluster's, so that pulling costs nothing and is quick."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
  }
}

variable "name" {
  description = "Name of the repository."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "labels" {
  description = "Labels of the repository."
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
  description = "Whether the repository refuses to be destroyed: with it go the images that models were trained with."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key" {
  description = "Key that images are encrypted with, as projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY; Google's own where null. It cannot be changed later, and Artifact Registry's service agent must be allowed to use it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key \"${coalesce(var.kms_key, "null")}\" is no key: write projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY, without a version."
  }
}

variable "immutable_tags" {
  description = "Whether a tag that was pushed stays what it is: it can be neither moved nor deleted, and neither can its image."
  type        = bool
  default     = true
  nullable    = false
}

variable "keep_newest" {
  description = "Newest versions of each image that are kept, whatever their age and tags."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.keep_newest >= 1 && var.keep_newest <= 1000 && floor(var.keep_newest) == var.keep_newest
    error_message = "keep_newest: a whole number from 1 to 1000; the one that runs must be among them."
  }
}

variable "delete_untagged_after_days" {
  description = "Days after which a version without a tag goes, if it is not among the newest."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.delete_untagged_after_days >= 1 && var.delete_untagged_after_days <= 3650 && floor(var.delete_untagged_after_days) == var.delete_untagged_after_days
    error_message = "delete_untagged_after_days: whole days from 1 to 3650."
  }
}

variable "delete_tagged_after_days" {
  description = "Days after which a version with a tag goes, if it is not among the newest; never where null. A registered model names the images that it was trained with, and cannot be reproduced without them."
  type        = number
  default     = null

  validation {
    condition     = var.delete_tagged_after_days == null || try(var.delete_tagged_after_days >= 30 && floor(var.delete_tagged_after_days) == var.delete_tagged_after_days, false)
    error_message = "delete_tagged_after_days: whole days, 30 or more, or null for never."
  }

  validation {
    condition     = var.delete_tagged_after_days == null || !var.immutable_tags
    error_message = "delete_tagged_after_days: an image with an immutable tag cannot be deleted. Leave it null, or set immutable_tags = false."
  }
}

variable "dry_run" {
  description = "Whether nothing is deleted, and what would be is only written to the audit log."
  type        = bool
  default     = false
  nullable    = false
}

variable "vulnerability_scanning" {
  description = "Whether images are searched for known vulnerabilities when they are pushed, and for 30 days after they were last pulled. It needs containerscanning.googleapis.com."
  type        = bool
  default     = true
  nullable    = false
}
