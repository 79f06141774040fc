variable "project_id" {
  description = "Project that the state is of, and that keeps it: one for dev, one for prod."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region that the state is kept in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
  }
}

variable "name" {
  description = "Prefix of all resources: that of the other roots."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "labels" {
  description = "Labels of the bucket and its key."
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

variable "state_writers" {
  description = "Who applies: IAM members that may read, lock and write the state."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.state_writers) > 0
    error_message = "state_writers: nobody could apply; name at least yourself, as [\"user:you@example.com\"], or a group."
  }

  validation {
    condition     = alltrue([for member in var.state_writers : can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))])
    error_message = "state_writers: each is \"user:EMAIL\", \"group:EMAIL\", \"serviceAccount:EMAIL\" or a principal of a workforce or workload pool. Domains, allUsers and allAuthenticatedUsers are too many people for a file that holds the keys to everything."
  }
}

variable "state_readers" {
  description = "Who only looks: IAM members that may read the state, and whatever secrets are in it."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.state_readers : can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))])
    error_message = "state_readers: each is \"user:EMAIL\", \"group:EMAIL\", \"serviceAccount:EMAIL\" or a principal of a workforce or workload pool. Domains, allUsers and allAuthenticatedUsers are too many people for a file that holds the keys to everything."
  }
}

variable "cmek" {
  description = "Whether the state is encrypted by a key of your own. It cannot be taken back without moving the state."
  type        = bool
  default     = false
  nullable    = false
}
