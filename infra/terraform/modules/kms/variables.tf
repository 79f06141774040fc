variable "project_id" {
  description = "Project that holds the keys."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region of the key ring: that of everything that the keys encrypt."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
  }
}

variable "name" {
  description = "Name of the key ring, and prefix of its keys."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "labels" {
  description = "Labels of each key."
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

variable "keys" {
  description = "Keys to make, by what they encrypt, and the members that may encrypt and decrypt with each: service agents, which do it for their service."
  type        = map(list(string))
  nullable    = false

  validation {
    condition     = length(var.keys) > 0 && alltrue([for key in keys(var.keys) : can(regex("^[a-z][a-z0-9-]{0,30}$", key))])
    error_message = "keys: name at least one, such as {storage = [...]}, each of at most 31 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for member in flatten(values(var.keys)) : startswith(member, "serviceAccount:")])
    error_message = "keys: only service agents use a key, as \"serviceAccount:EMAIL\"; people are given access to data, and Google decrypts it for them."
  }
}

variable "rotation_period" {
  description = "Seconds after which a key gets a new version, as \"7776000s\" for 90 days. Old versions stay, and decrypt what they encrypted."
  type        = string
  default     = "7776000s"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{5,8}s$", var.rotation_period)) && try(tonumber(trimsuffix(var.rotation_period, "s")) > 86400 && tonumber(trimsuffix(var.rotation_period, "s")) <= 31536000, false)
    error_message = "rotation_period \"${var.rotation_period}\": seconds with an s, more than a day and at most a year, such as \"7776000s\" for 90 days."
  }
}
