# Asked only where mode is "standard": Autopilot finds nodes for pods by itself.
variable "node_pools" {
  description = "Pools of nodes in mode `standard`, by name. Numbers of nodes are those of all zones together. `large` is what a pod with node_selector `phasegate/pool: large` and the same toleration gets; with `spot`, nodes are cheap and may be taken away at any time."
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
  nullable = false
  default = {
    system = {
      machine_type = "e2-standard-4"
      min_nodes    = 2
      max_nodes    = 8
    }
    large = {
      machine_type = "e2-standard-16" # twice what training asks for (8 cores, 32 GiB), so that two fit
      min_nodes    = 0
      max_nodes    = 4
      disk_gb      = 200 # images of several GiB, and 50 GiB of scratch for each
      labels       = { "phasegate/pool" = "large" }
      taints       = [{ key = "phasegate/pool", value = "large" }]
    }
  }

  validation {
    condition     = alltrue([for name in keys(var.node_pools) : can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])
    error_message = "node_pools: names of at most 40 lower-case letters, digits and hyphens, beginning with a letter; not so: ${join(", ", [for name in keys(var.node_pools) : name if !can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])}."
  }

  validation {
    condition = alltrue([
      for pool in values(var.node_pools) :
      pool.min_nodes >= 0 && pool.max_nodes >= 1 && pool.max_nodes <= 1000 && pool.min_nodes <= pool.max_nodes
      && floor(pool.min_nodes) == pool.min_nodes && floor(pool.max_nodes) == pool.max_nodes
    ])
    error_message = "node_pools: min_nodes and max_nodes are whole numbers, 0 <= min_nodes <= max_nodes, and max_nodes is from 1 to 1000: a pool whose limits are equal does not scale, one of 0 is no pool."
  }

  # The first nodes come the same number in each zone.
  validation {
    condition = alltrue([
      for pool in values(var.node_pools) : ceil(pool.min_nodes / local.zone_count) * local.zone_count <= pool.max_nodes
    ])
    error_message = "node_pools: the region's ${local.zone_count} zones begin with the same number of nodes, so max_nodes must be at least min_nodes rounded up to a multiple of ${local.zone_count}."
  }

  validation {
    condition     = anytrue([for pool in values(var.node_pools) : pool.min_nodes >= 1 && !pool.spot && length(pool.taints) == 0])
    error_message = "node_pools: one pool at least must have min_nodes >= 1, no taints and no spot: the cluster's own pods, controllers and the guard need somewhere to run."
  }

  validation {
    condition     = alltrue(flatten([for pool in values(var.node_pools) : [for taint in pool.taints : contains(["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"], taint.effect)]]))
    error_message = "node_pools: a taint's effect is NO_SCHEDULE, PREFER_NO_SCHEDULE or NO_EXECUTE."
  }

  validation {
    condition     = alltrue(flatten([for pool in values(var.node_pools) : [for label in keys(pool.labels) : !can(regex("(^|[.])(kubernetes|k8s)[.]io/", label))]]))
    error_message = "node_pools: labels under kubernetes.io/ and k8s.io/ are Kubernetes' own."
  }

  validation {
    condition     = alltrue([for pool in values(var.node_pools) : pool.disk_gb >= 50 && pool.disk_gb <= 65536])
    error_message = "node_pools: disk_gb from 50, as images of several GiB are kept on it, to 65536."
  }

  validation {
    condition     = var.max_nodes == null || var.mode == "autopilot" || sum(concat([0], [for pool in values(var.node_pools) : pool.max_nodes + 1])) <= coalesce(var.max_nodes, 0)
    error_message = "node_pools: together they may have ${sum(concat([0], [for pool in values(var.node_pools) : pool.max_nodes + 1]))} nodes, one for each pool's upgrade included; the network has room for ${coalesce(var.max_nodes, 0)} (its max_nodes)."
  }
}

variable "max_nodes" {
  description = "Nodes that the network has room for (its max_nodes), which the pools must not exceed; not asked where null."
  type        = number
  default     = null
}

variable "max_pods_per_node" {
  description = "Pods that a node may run in mode `standard`: the network's max_pods_per_node. It cannot be changed later."
  type        = number
  default     = 110
  nullable    = false

  validation {
    condition     = var.max_pods_per_node >= 8 && var.max_pods_per_node <= 256 && floor(var.max_pods_per_node) == var.max_pods_per_node
    error_message = "max_pods_per_node: a whole number from 8 to 256; GKE's own choice is 110."
  }
}

variable "zones" {
  description = "Zones of the nodes in mode `standard`; three of the region's, by Google's choice, where empty. One is cheaper (no traffic between zones), and its failure is everything's."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for zone in var.zones : can(regex("^${var.region}-[a-z]$", zone))])
    error_message = "zones: each is one of ${var.region}, such as \"${var.region}-a\"."
  }
}
