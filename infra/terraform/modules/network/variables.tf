variable "project_id" {
  description = "Project that the network is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region of subnet and NAT."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
  }
}

variable "name" {
  description = "Name of the network, and prefix of what is in it."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "labels" {
  description = "Labels of the addresses; networks, subnets, routers and firewall rules cannot have any."
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
  description = "Whether the network, its subnet, its addresses and its connection to Google's services refuse to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "max_nodes" {
  description = "Nodes that the ranges must have room for, those of an upgrade included."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.max_nodes >= 1 && var.max_nodes <= 15000 && floor(var.max_nodes) == var.max_nodes
    error_message = "max_nodes: a whole number from 1 to 15000, which is what one GKE cluster can have."
  }
}

variable "max_pods_per_node" {
  description = "Pods that a node may run. GKE gives each node twice as many addresses, rounded up to a power of two: 256 for 110 pods."
  type        = number
  default     = 110
  nullable    = false

  validation {
    condition     = var.max_pods_per_node >= 8 && var.max_pods_per_node <= 256 && floor(var.max_pods_per_node) == var.max_pods_per_node
    error_message = "max_pods_per_node: a whole number from 8 to 256; GKE's own choice is 110."
  }
}

variable "nat_addresses" {
  description = "Public addresses that egress leaves by; what is behind other people's firewalls knows you by them."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.nat_addresses >= 1 && var.nat_addresses <= 16 && floor(var.nat_addresses) == var.nat_addresses
    error_message = "nat_addresses: a whole number from 1 to 16."
  }

  validation {
    condition     = floor(var.nat_addresses * 64512 / 64) >= var.max_nodes
    error_message = "nat_addresses ${var.nat_addresses}: one address has 64512 ports, and each of ${var.max_nodes} nodes holds at least 64 of them. Write ${ceil(var.max_nodes * 64 / 64512)} or more."
  }
}

variable "flow_log_sampling" {
  description = "Share of the subnet's flows that are logged. They are paid for by the GiB, and 0 would leave nobody able to say what talked to what."
  type        = number
  default     = 0.1
  nullable    = false

  validation {
    condition     = var.flow_log_sampling > 0 && var.flow_log_sampling <= 1
    error_message = "flow_log_sampling ${var.flow_log_sampling}: a share above 0 and up to 1, such as 0.1 for a tenth."
  }
}

variable "webhooks" {
  description = "Ports of admission webhooks that the control plane may call on nodes, by who listens."
  type = map(object({
    ports  = list(number)
    reason = string
  }))
  nullable = false
  default = {
    cert-manager  = { ports = [10250], reason = "checks Certificates and Issuers (webhook.securePort)" }
    envoy-gateway = { ports = [9443], reason = "tells proxies their zone (topology injector)" }
    kserve        = { ports = [9443], reason = "checks and completes InferenceServices and ServingRuntimes, adds the storage initializer" }
    pipelines     = { ports = [8443], reason = "looks for results of earlier runs (cache server), checks pipeline versions" }
    trainer       = { ports = [9443], reason = "checks TrainJobs and JobSets" }
  }

  validation {
    condition     = alltrue([for webhook in values(var.webhooks) : length(webhook.ports) > 0 && alltrue([for port in webhook.ports : port >= 1 && port <= 65535 && floor(port) == port])])
    error_message = "webhooks: each has at least one port, a whole number from 1 to 65535."
  }

  validation {
    condition     = length(var.webhooks) > 0 && alltrue([for name in keys(var.webhooks) : can(regex("^[a-z][a-z0-9-]{0,29}$", name))])
    error_message = "webhooks: at least one (without KServe's, no InferenceService is accepted), each named by at most 30 lower-case letters, digits and hyphens."
  }
}
