variable "release" {
  description = "Kubeflow Pipelines: a commit of its repository, which is a release, and where the repository is. A local folder in place of the address must hold manifests/kustomize."
  type = object({
    source = optional(string, "https://github.com/kubeflow/pipelines")
    commit = optional(string, "4a3592cb2dd0a91a4652ab93893ec8beda1f3158") # 2.17.0
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[0-9a-f]{40}$", var.release.commit))
    error_message = "release.commit is \"${var.release.commit}\": a whole commit, 40 hex digits. Branches move, and so can tags."
  }

  validation {
    condition     = can(regex("^(https://|\\.{1,2}/)[^ ?]+$", var.release.source))
    error_message = "release.source: an https address of a git repository, or a folder relative to where terraform runs, beginning with ./ or ../"
  }
}

variable "pipeline_root" {
  description = "Folder of a bucket that steps write their artifacts to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]/[^ ]+[^/ ]$", var.pipeline_root))
    error_message = "pipeline_root \"${var.pipeline_root}\": a folder of a bucket without a slash at its end, such as gs://BUCKET/pipelines."
  }
}

variable "service_accounts" {
  description = "Google service accounts by Kubernetes account, \"namespace/account\": those of the namespace kubeflow are written to their accounts here, the others are passed over."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.service_accounts) : can(regex("^[a-z0-9-]+/[a-z0-9.-]+$", key))])
    error_message = "service_accounts: keys are \"namespace/account\", such as \"kubeflow/phasegate-pipeline\"."
  }

  validation {
    condition     = contains(keys(var.service_accounts), "kubeflow/phasegate-pipeline")
    error_message = "service_accounts: without \"kubeflow/phasegate-pipeline\" steps could not read or write the store."
  }
}

variable "images" {
  description = "Images of this project by digest, by environment: `core` is what several workers train in."
  type        = map(string)
  nullable    = false

  validation {
    condition     = contains(keys(var.images), "core") && alltrue([for image in values(var.images) : can(regex("^[a-z0-9][a-z0-9./_:-]*@sha256:[0-9a-f]{64}$", image))])
    error_message = "images: {core = \"REGISTRY/core@sha256:...\"}, each by digest: `phasegate images build --push` writes them."
  }
}

variable "training" {
  description = "Whether training by several workers is prepared: its role, runtime and account. It needs Kubeflow Trainer."
  type        = bool
  default     = false
  nullable    = false
}

variable "storage_class" {
  description = "StorageClass of the disks of the database and the server's own store; empty for the cluster's default."
  type        = string
  default     = ""
  nullable    = false
}
