variable "network_id" {
  description = "Network, as projects/PROJECT/global/networks/NAME."
  type        = string
  nullable    = false
}

variable "subnet_id" {
  description = "Subnet of the nodes, as projects/PROJECT/regions/REGION/subnetworks/NAME."
  type        = string
  nullable    = false
}

variable "pods_range_name" {
  description = "Name of the subnet's range of pods."
  type        = string
  nullable    = false
}

variable "services_range_name" {
  description = "Name of the subnet's range of Services."
  type        = string
  nullable    = false
}

variable "control_plane_cidr" {
  description = "Range of the control plane, a /28."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.control_plane_cidr)) && endswith(var.control_plane_cidr, "/28")
    error_message = "control_plane_cidr \"${var.control_plane_cidr}\": GKE takes a private /28, such as \"172.16.0.0/28\", the network module's control_plane_cidr."
  }
}

variable "node_tag" {
  description = "Network tag of the nodes, by which the network's firewall lets the control plane call webhooks."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.node_tag))
    error_message = "node_tag \"${var.node_tag}\": at most 63 lower-case letters, digits and hyphens, beginning with a letter; write the network module's node_tag."
  }
}

variable "dns_endpoint" {
  description = "Whether the control plane's DNS name answers from outside Google Cloud. Who asks must have IAM's container.clusters.connect, wherever from; GitHub's runners come in this way. Off, only the private address is left."
  type        = bool
  default     = true
  nullable    = false
}

variable "authorized_networks" {
  description = "Private ranges, by name, that may reach the control plane's private address beside the cluster's own nodes: a VPN, a bastion."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.authorized_networks) <= 50 && alltrue([for range in values(var.authorized_networks) : can(cidrnetmask(range)) && try(cidrsubnet(range, 0, 0) == range, false)])
    error_message = "authorized_networks: at most 50 IPv4 ranges in CIDR notation, each the first address of its network, such as {vpn = \"10.200.0.0/24\"}; not so: ${join(", ", [for name, range in var.authorized_networks : "${name} = \"${range}\"" if !try(cidrsubnet(range, 0, 0) == range, false)])}."
  }

  validation {
    condition     = alltrue([for range in values(var.authorized_networks) : try(tonumber(split("/", range)[1]) >= 8, true)])
    error_message = "authorized_networks: a range wider than /8 lets in everybody. The address is private; name the networks that ask."
  }
}
