variable "namespace" {
  description = "Namespace of the model, and of nothing else."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace \"${var.namespace}\": lower-case letters, digits and hyphens, beginning with a letter, at most 63."
  }
}

variable "model" {
  description = "Name of the model. Its slots are NAME-a and NAME-b, its route is NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.model))
    error_message = "model \"${var.model}\": at most 40 lower-case letters, digits and hyphens, beginning with a letter: KServe's own names are made of it."
  }
}

variable "hostname" {
  description = "Hostname that the model is asked at. The Gateway must answer to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.hostname))
    error_message = "hostname \"${var.hostname}\": a whole name in lower case, such as \"card-fraud.example.com\"."
  }
}

variable "size" {
  description = "dev: one small pod for each slot. prod: two to ten."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["dev", "prod"], var.size)
    error_message = "size \"${var.size}\": \"dev\" or \"prod\", the folders of kserve_manifests/sizes."
  }
}

variable "store" {
  description = "Bucket and prefix of models and releases."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/[^ ]*[^/ ])?$", var.store))
    error_message = "store \"${var.store}\": gs://BUCKET/PREFIX without a slash at its end."
  }
}

variable "log" {
  description = "Bucket and prefix of the prediction log."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/[^ ]*[^/ ])?$", var.log))
    error_message = "log \"${var.log}\": gs://BUCKET/PREFIX without a slash at its end."
  }
}

variable "images" {
  description = "Images of this project by digest, by environment: core, and drift or sidecar."
  type        = map(string)
  nullable    = false

  validation {
    condition     = contains(keys(var.images), "core") && contains(keys(var.images), "drift")
    error_message = "images: core (predictor and guard) and drift (sidecar) are needed. To leave alibi-detect out, give the image `sidecar` under the name drift, and {\"statistics\": \"scipy\"} in monitoring."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("^[a-z0-9][a-z0-9./_:-]*@sha256:[0-9a-f]{64}$", image))])
    error_message = "images: each by its digest, such as REGISTRY/core@sha256:...: `phasegate images build --push` writes them. A tag may be another image tomorrow."
  }
}

variable "service_accounts" {
  description = "Google service accounts by Kubernetes account, \"namespace/account\"."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in ["predictor", "guard"] : contains(keys(var.service_accounts), "${var.namespace}/phasegate-${name}")])
    error_message = "service_accounts: \"${var.namespace}/phasegate-predictor\" and \"${var.namespace}/phasegate-guard\" are needed: without them no model is fetched and nothing is logged."
  }
}

variable "gateway" {
  description = "The Gateway that requests come in by: its namespace and name, and the namespace that its proxies run in."
  type = object({
    namespace      = string
    name           = string
    proxies_run_in = string
  })
  nullable = false
}

variable "registry" {
  description = "MLflow: its address, namespace and pods' port, and Secret and key of the certificate to know it by, in this namespace."
  type = object({
    url       = string
    namespace = string
    port      = number
    secret    = string
    key       = string
  })
  nullable = false

  validation {
    condition     = startswith(var.registry.url, "https://")
    error_message = "registry.url \"${var.registry.url}\" must begin with https://: what is said about models decides what goes live."
  }
}

variable "pipelines_namespace" {
  description = "Namespace that steps run in."
  type        = string
  default     = "kubeflow"
  nullable    = false
}

variable "managed_prometheus" {
  description = "Whether Google's Managed Prometheus reads the metrics (its own kinds); otherwise the kinds of the Prometheus operator, which must be there."
  type        = bool
  default     = true
  nullable    = false
}

variable "monitoring_namespace" {
  description = "Namespace of what reads the metrics. Google's collectors run in gke-gmp-system on Autopilot, in gmp-system otherwise."
  type        = string
  default     = "gke-gmp-system"
  nullable    = false
}

variable "monitoring" {
  description = "Rules of drift: section `monitoring` of the project, as JSON."
  type        = string
  default     = "{}"
  nullable    = false

  validation {
    condition     = can(keys(jsondecode(var.monitoring)))
    error_message = "monitoring: a JSON object, such as {\"statistics\": \"scipy\"}."
  }
}
