variable "versions" {
  description = "Versions of the charts. KServe's is the one whose kinds kserve_manifests is written for."
  type = object({
    cert_manager  = optional(string, "v1.21.2")
    envoy_gateway = optional(string, "v1.8.3")
    kserve        = optional(string, "v0.21.0")
    trainer       = optional(string, "2.3.0")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for version in values(var.versions) : can(regex("^v?[0-9]+\\.[0-9]+\\.[0-9]+$", version))])
    error_message = "versions: whole versions, such as \"v1.21.2\": a range or a part of one would follow whatever is published."
  }

  validation {
    condition     = can(regex("^v0\\.21\\.", var.versions.kserve))
    error_message = "versions.kserve is ${var.versions.kserve}: the manifests need KServe 0.21, whose InferenceServices name their storage container."
  }
}

variable "trainer" {
  description = "Whether Kubeflow Trainer is installed: for training by several workers (`training.workers` of a project)."
  type        = bool
  default     = false
  nullable    = false
}

variable "replicas" {
  description = "Replicas of cert-manager's webhook and of the gateway's controller and proxies: 2 and more survive the loss of a node."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([1, 2, 3], var.replicas)
    error_message = "replicas: 1, 2 or 3. KServe's and Trainer's controllers run once: while they restart, models go on answering."
  }
}

variable "gateway" {
  description = "The Gateway that requests come in by: its namespace and name, the hostnames that it answers to, who may reach it (internal: the network; external: the internet), and the ClusterIssuer of its certificate, empty for the cluster's own authority."
  type = object({
    namespace = optional(string, "gateway")
    name      = optional(string, "inference")
    hostnames = list(string)
    exposure  = optional(string, "internal")
    issuer    = optional(string, "")
  })
  nullable = false

  validation {
    condition     = contains(["internal", "external"], var.gateway.exposure)
    error_message = "gateway.exposure is \"${var.gateway.exposure}\": write \"internal\" (reached from the network alone) or \"external\" (an address on the internet)."
  }

  validation {
    condition     = length(var.gateway.hostnames) > 0 && alltrue([for name in var.gateway.hostnames : can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", name))])
    error_message = "gateway.hostnames: at least one name such as \"card-fraud.example.com\" or \"*.example.com\", in lower case and without a scheme."
  }

  validation {
    condition     = alltrue([for name in [var.gateway.namespace, var.gateway.name] : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "gateway.namespace and gateway.name: lower-case letters, digits and hyphens, beginning with a letter."
  }

  validation {
    condition     = var.gateway.exposure == "internal" || var.gateway.issuer != ""
    error_message = "gateway.issuer: clients on the internet do not know the cluster's own authority. Name a ClusterIssuer, such as one of Let's Encrypt."
  }
}
