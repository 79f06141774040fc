# Each range is a network (its address is its first), private, and large enough. That no two of them share
# addresses is asked of all of them at once: see main.tf. `try` is there because Terraform 1.11 and older
# look at both sides of `||`: what is no range is told once, and not by an error of split().
locals {
  private_blocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"] # RFC 1918 and RFC 6598

  # GKE gives a node twice the addresses of its pods, so that an address is not used again at once.
  addresses_per_node = [for bits in range(4, 10) : pow(2, bits) if pow(2, bits) >= 2 * var.max_pods_per_node][0]
}

variable "nodes_cidr" {
  description = "Addresses of nodes."
  type        = string
  default     = "10.0.0.0/20"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.nodes_cidr)) && try(cidrsubnet(var.nodes_cidr, 0, 0) == var.nodes_cidr, false)
    error_message = "nodes_cidr \"${var.nodes_cidr}\" is no range: write an IPv4 network in CIDR notation, such as \"${try(cidrsubnet(var.nodes_cidr, 0, 0), "10.0.0.0/20")}\"."
  }

  validation {
    condition = !can(cidrnetmask(var.nodes_cidr)) || try(anytrue([
      for block in local.private_blocks :
      tonumber(split("/", var.nodes_cidr)[1]) >= tonumber(split("/", block)[1]) && cidrsubnet("${split("/", var.nodes_cidr)[0]}/${split("/", block)[1]}", 0, 0) == block
    ]), false)
    error_message = "nodes_cidr \"${var.nodes_cidr}\" is not private: write a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10 (RFC 1918 or RFC 6598)."
  }

  validation {
    condition     = !can(cidrnetmask(var.nodes_cidr)) || try(pow(2, 32 - tonumber(split("/", var.nodes_cidr)[1])) - 4 >= var.max_nodes, false)
    error_message = "nodes_cidr \"${var.nodes_cidr}\" is too small for max_nodes = ${var.max_nodes}: Google keeps 4 addresses of a subnet for itself. Write a shorter prefix, or fewer nodes."
  }
}

variable "pods_cidr" {
  description = "Addresses of pods: a part for each node, of which `max_pods_per_node` says the size."
  type        = string
  default     = "10.4.0.0/14"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.pods_cidr)) && try(cidrsubnet(var.pods_cidr, 0, 0) == var.pods_cidr, false)
    error_message = "pods_cidr \"${var.pods_cidr}\" is no range: write an IPv4 network in CIDR notation, such as \"${try(cidrsubnet(var.pods_cidr, 0, 0), "10.4.0.0/14")}\"."
  }

  validation {
    condition = !can(cidrnetmask(var.pods_cidr)) || try(anytrue([
      for block in local.private_blocks :
      tonumber(split("/", var.pods_cidr)[1]) >= tonumber(split("/", block)[1]) && cidrsubnet("${split("/", var.pods_cidr)[0]}/${split("/", block)[1]}", 0, 0) == block
    ]), false)
    error_message = "pods_cidr \"${var.pods_cidr}\" is not private: write a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10 (RFC 1918 or RFC 6598)."
  }

  validation {
    condition     = !can(cidrnetmask(var.pods_cidr)) || try(pow(2, 32 - tonumber(split("/", var.pods_cidr)[1])) / local.addresses_per_node >= var.max_nodes, false)
    error_message = "pods_cidr \"${var.pods_cidr}\" is too small: ${var.max_nodes} nodes of ${local.addresses_per_node} addresses each (max_nodes, max_pods_per_node) need ${var.max_nodes * local.addresses_per_node}. Write a shorter prefix, or fewer nodes or pods."
  }
}

variable "services_cidr" {
  description = "Addresses of Kubernetes Services. It cannot be changed later."
  type        = string
  default     = "10.8.0.0/20"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.services_cidr)) && try(cidrsubnet(var.services_cidr, 0, 0) == var.services_cidr, false)
    error_message = "services_cidr \"${var.services_cidr}\" is no range: write an IPv4 network in CIDR notation, such as \"${try(cidrsubnet(var.services_cidr, 0, 0), "10.8.0.0/20")}\"."
  }

  validation {
    condition = !can(cidrnetmask(var.services_cidr)) || try(anytrue([
      for block in local.private_blocks :
      tonumber(split("/", var.services_cidr)[1]) >= tonumber(split("/", block)[1]) && cidrsubnet("${split("/", var.services_cidr)[0]}/${split("/", block)[1]}", 0, 0) == block
    ]), false)
    error_message = "services_cidr \"${var.services_cidr}\" is not private: write a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10 (RFC 1918 or RFC 6598)."
  }

  validation {
    condition     = !can(cidrnetmask(var.services_cidr)) || try(tonumber(split("/", var.services_cidr)[1]) >= 16 && tonumber(split("/", var.services_cidr)[1]) <= 24, false)
    error_message = "services_cidr \"${var.services_cidr}\" must be from /16, the most that GKE takes, to /24: 256 Services are soon used by Kubeflow, KServe and one for each model."
  }
}

variable "private_services_cidr" {
  description = "Addresses of Cloud SQL and Memorystore, in Google's network beside this one."
  type        = string
  default     = "10.16.0.0/20"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.private_services_cidr)) && try(cidrsubnet(var.private_services_cidr, 0, 0) == var.private_services_cidr, false)
    error_message = "private_services_cidr \"${var.private_services_cidr}\" is no range: write an IPv4 network in CIDR notation, such as \"${try(cidrsubnet(var.private_services_cidr, 0, 0), "10.16.0.0/20")}\"."
  }

  validation {
    condition = !can(cidrnetmask(var.private_services_cidr)) || try(anytrue([
      for block in slice(local.private_blocks, 0, 3) :
      tonumber(split("/", var.private_services_cidr)[1]) >= tonumber(split("/", block)[1]) && cidrsubnet("${split("/", var.private_services_cidr)[0]}/${split("/", block)[1]}", 0, 0) == block
    ]), false)
    error_message = "private_services_cidr \"${var.private_services_cidr}\" is not private: write a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918, which is what Google's services take)."
  }

  validation {
    condition     = !can(cidrnetmask(var.private_services_cidr)) || try(tonumber(split("/", var.private_services_cidr)[1]) >= 16 && tonumber(split("/", var.private_services_cidr)[1]) <= 23, false)
    error_message = "private_services_cidr \"${var.private_services_cidr}\" must be from /16 to /23: Cloud SQL takes a /24 of it for itself, Memorystore the rest."
  }
}

variable "control_plane_cidr" {
  description = "Addresses of the cluster's control plane."
  type        = string
  default     = "172.16.0.0/28"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.control_plane_cidr)) && try(cidrsubnet(var.control_plane_cidr, 0, 0) == var.control_plane_cidr, false)
    error_message = "control_plane_cidr \"${var.control_plane_cidr}\" is no range: write an IPv4 network in CIDR notation, such as \"${try(cidrsubnet(var.control_plane_cidr, 0, 0), "172.16.0.0/28")}\"."
  }

  validation {
    condition = !can(cidrnetmask(var.control_plane_cidr)) || try(anytrue([
      for block in local.private_blocks :
      tonumber(split("/", var.control_plane_cidr)[1]) >= tonumber(split("/", block)[1]) && cidrsubnet("${split("/", var.control_plane_cidr)[0]}/${split("/", block)[1]}", 0, 0) == block
    ]), false)
    error_message = "control_plane_cidr \"${var.control_plane_cidr}\" is not private: write a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10 (RFC 1918 or RFC 6598)."
  }

  validation {
    condition     = !can(cidrnetmask(var.control_plane_cidr)) || try(tonumber(split("/", var.control_plane_cidr)[1]) == 28, false)
    error_message = "control_plane_cidr \"${var.control_plane_cidr}\" must be a /28: GKE takes no other size."
  }
}
