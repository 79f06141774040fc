variable "ranges" {
  description = "IPv4 ranges in CIDR notation, by the names that an overlap is told by."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for range in values(var.ranges) : can(cidrnetmask(range))])
    error_message = "ranges: ${join(", ", [for name, range in var.ranges : "${name} = \"${range}\"" if !can(cidrnetmask(range))])}: not IPv4 ranges in CIDR notation, such as \"10.0.0.0/20\"."
  }
}
