variable "cluster_mode" {
  description = "`autopilot`: Google runs the nodes, and pods are paid for. `standard`: node pools of your own, and nodes are paid for. To change it is to make another cluster."
  type        = string
  default     = "autopilot"
  nullable    = false

  validation {
    condition     = contains(["autopilot", "standard"], var.cluster_mode)
    error_message = "cluster_mode \"${var.cluster_mode}\": write \"autopilot\" or \"standard\"."
  }
}

variable "zones" {
  description = "Zones of the nodes in mode `standard`; three of the region's, by Google's choice, where empty."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for zone in var.zones : can(regex("^${var.region}-[a-z]$", zone))])
    error_message = "zones: ${join(", ", [for zone in var.zones : "\"${zone}\"" if !can(regex("^${var.region}-[a-z]$", zone))])} is not in ${var.region}; write zones such as \"${var.region}-a\"."
  }
}

variable "node_pools" {
  description = "Pools of nodes in mode `standard`, by name; null takes those of module cluster: `system`, and `large` for training, which has no node while nothing trains."
  type = map(object({
    machine_type = string
    min_nodes    = number
    max_nodes    = number
    disk_gb      = optional(number, 100)
    disk_type    = optional(string, "pd-balanced")
    spot         = optional(bool, false)
    labels       = optional(map(string), {})
    taints = optional(list(object({
      key    = string
      value  = string
      effect = optional(string, "NO_SCHEDULE")
    })), [])
  }))
  default = null

  validation {
    condition     = var.node_pools == null || var.cluster_mode == "standard"
    error_message = "node_pools are of cluster_mode = \"standard\"; Autopilot has none. Leave them out, or change the mode."
  }
}

variable "release_channel" {
  description = "How soon GKE's versions come: RAPID, REGULAR, STABLE or EXTENDED."
  type        = string
  default     = "REGULAR"
  nullable    = false

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE", "EXTENDED"], var.release_channel)
    error_message = "release_channel \"${var.release_channel}\": write RAPID, REGULAR, STABLE or EXTENDED."
  }
}

variable "maintenance_window" {
  description = "When GKE may upgrade, in UTC: the first window's start and end, and how it recurs (RFC 5545); null for weekend nights."
  type = object({
    start_time = string
    end_time   = string
    recurrence = string
  })
  default = null
}
