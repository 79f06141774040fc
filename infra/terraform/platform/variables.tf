variable "state_bucket" {
  description = "Bucket of the state, which bootstrap/ made: the line `bucket` of environments/NAME.gcs.tfbackend."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket \"${var.state_bucket}\" is no bucket: its name alone, without gs://."
  }
}

variable "kubeconfig" {
  description = "A kubeconfig file in place of the cluster's endpoint by name, for a cluster that is reached through a fleet's Connect gateway or a tunnel."
  type        = string
  default     = null
}

variable "model" {
  description = "Name of the model that is served."
  type        = string
  nullable    = false
}

variable "hostname" {
  description = "Hostname that the model is asked at."
  type        = string
  nullable    = false
}

variable "exposure" {
  description = "Who reaches the Gateway: internal (the network), or external (the internet)."
  type        = string
  default     = "internal"
  nullable    = false
}

variable "certificate_issuer" {
  description = "ClusterIssuer of the Gateway's certificate; empty for the cluster's own authority, which clients in the network must be told of."
  type        = string
  default     = ""
  nullable    = false
}

variable "size" {
  description = "dev: one small pod of everything. prod: two and more."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["dev", "prod"], var.size)
    error_message = "size \"${var.size}\": \"dev\" or \"prod\"."
  }
}

variable "images_file" {
  description = "File of image digests that `phasegate images build --push core drift tracking` wrote."
  type        = string
  default     = "../../../images.json"
  nullable    = false

  validation {
    condition     = can(keys(jsondecode(file(var.images_file))))
    error_message = "images_file \"${var.images_file}\" is not there, or is not JSON: make it by `phasegate images build --push --registry URL core drift tracking`, where URL is the first root's output `registry`."
  }

  validation {
    condition     = try(length(setsubtract(["core", "drift", "tracking"], keys(jsondecode(file(var.images_file))))) == 0, true)
    error_message = "images_file \"${var.images_file}\" must have the images core, drift and tracking. To leave alibi-detect out, see module serving."
  }
}

variable "training" {
  description = "Whether Kubeflow Trainer is installed, for training by several workers."
  type        = bool
  default     = false
  nullable    = false
}

variable "monitoring" {
  description = "Rules of drift: section `monitoring` of the project, as JSON."
  type        = string
  default     = "{}"
  nullable    = false
}

variable "versions" {
  description = "Versions of charts other than the ones that were tried together: see module addons."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.versions), ["cert_manager", "envoy_gateway", "kserve", "trainer"])) == 0
    error_message = "versions: cert_manager, envoy_gateway, kserve and trainer can be set."
  }
}

variable "pipelines" {
  description = "Another commit or place of Kubeflow Pipelines: see module pipelines."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.pipelines), ["source", "commit"])) == 0
    error_message = "pipelines: source and commit can be set."
  }
}
