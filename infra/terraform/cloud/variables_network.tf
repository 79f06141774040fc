# What a range must be, and that no two share addresses, module network says.
variable "nodes_cidr" {
  description = "Addresses of nodes."
  type        = string
  default     = "10.0.0.0/20"
  nullable    = false
}

variable "pods_cidr" {
  description = "Addresses of pods; 256 for each node."
  type        = string
  default     = "10.4.0.0/14"
  nullable    = false
}

variable "services_cidr" {
  description = "Addresses of Kubernetes Services."
  type        = string
  default     = "10.8.0.0/20"
  nullable    = false
}

variable "private_services_cidr" {
  description = "Addresses of Cloud SQL and Memorystore, in Google's network beside this one."
  type        = string
  default     = "10.16.0.0/20"
  nullable    = false
}

variable "control_plane_cidr" {
  description = "Addresses of the cluster's control plane."
  type        = string
  default     = "172.16.0.0/28"
  nullable    = false
}

variable "max_nodes" {
  description = "Nodes that the ranges must have room for, those of an upgrade included."
  type        = number
  default     = 100
  nullable    = false
}

variable "authorized_networks" {
  description = "Private ranges, by name, that reach the control plane's private address: a VPN, a bastion. Its DNS name, which asks for an identity, is there besides."
  type        = map(string)
  default     = {}
  nullable    = false
}
