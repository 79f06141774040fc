variable "project_id" {
  description = "Project that the accounts are made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region of the image repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
  }
}

variable "name" {
  description = "Prefix of the accounts' and roles' names."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "namespace" {
  description = "Kubernetes namespace that models are served in: that of the manifests' settings."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace \"${var.namespace}\" is no namespace: at most 63 lower-case letters, digits and hyphens."
  }
}

variable "pipelines_namespace" {
  description = "Kubernetes namespace of Kubeflow Pipelines: key pipelines-namespace of the manifests' settings."
  type        = string
  default     = "kubeflow"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.pipelines_namespace))
    error_message = "pipelines_namespace \"${var.pipelines_namespace}\" is no namespace: at most 63 lower-case letters, digits and hyphens."
  }
}

variable "mlflow_namespace" {
  description = "Kubernetes namespace of MLflow's server."
  type        = string
  default     = "mlflow"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.mlflow_namespace))
    error_message = "mlflow_namespace \"${var.mlflow_namespace}\" is no namespace: at most 63 lower-case letters, digits and hyphens."
  }
}

variable "workload_pool" {
  description = "Workload Identity pool of the cluster: output workload_pool of module cluster."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]\\.svc\\.id\\.goog$", var.workload_pool))
    error_message = "workload_pool \"${var.workload_pool}\": write PROJECT.svc.id.goog, the pool of the cluster's project."
  }
}

variable "folders" {
  description = "Managed folders to grant on: output folders of module buckets."
  type        = map(object({ bucket = string, name = string }))
  nullable    = false

  validation {
    condition = length(setsubtract([
      "artifacts/mlflow", "artifacts/models", "artifacts/monitoring", "artifacts/pipelines",
      "artifacts/releases", "artifacts/replay", "log/monitoring", "log/predictions",
      "snapshots/objects", "snapshots/training",
    ], keys(var.folders))) == 0
    error_message = "folders: some that accounts work in are missing; pass output folders of module buckets as it is."
  }

  validation {
    condition     = alltrue([for folder in values(var.folders) : endswith(folder.name, "/") && folder.name != "/"])
    error_message = "folders: a folder's name ends with \"/\", and a whole bucket is none."
  }
}

variable "data_sources" {
  description = "Buckets that the pipelines read events and labels from (data.source and release.labels.source of the project), beside their own."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for bucket in var.data_sources : can(regex("^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$", bucket))])
    error_message = "data_sources: write names of buckets, such as \"fraud-events\", without gs:// and without a folder."
  }
}

variable "sql_instance" {
  description = "Cloud SQL instance of MLflow: output instance of module mlflow."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,97}$", var.sql_instance))
    error_message = "sql_instance \"${var.sql_instance}\": write the instance's name alone, not PROJECT:REGION:INSTANCE."
  }
}

variable "github" {
  description = "Repository whose GitHub Actions plan, apply, push images and submit: the numbers of owner and repository, as `gh api repos/OWNER/NAME --jq '.owner.id, .id'` prints them, the branch that is deployed, and the protected environment that terraform apply, and runs, wait in. null makes no accounts for it."
  type = object({
    owner_id           = string
    repository_id      = string
    branch             = optional(string, "main")
    environment        = string
    submit_environment = optional(string)
  })
  default = null

  validation {
    condition = var.github == null || try(
      can(regex("^[0-9]{1,19}$", var.github.owner_id)) && can(regex("^[0-9]{1,19}$", var.github.repository_id)), false
    )
    error_message = "github: owner_id and repository_id are numbers, as `gh api repos/OWNER/NAME --jq '.owner.id, .id'` prints them. Names can be given up and be registered by somebody else."
  }

  validation {
    condition     = var.github == null || try(can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$", var.github.branch)), false)
    error_message = "github: branch is one name, such as \"main\", without refs/heads/ and without a pattern."
  }

  validation {
    condition = var.github == null || try(alltrue([
      for name in compact([var.github.environment, var.github.submit_environment]) :
      can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", name)) && name != "none"
    ]), false)
    error_message = "github: environment and submit_environment are names of environments of the repository, of letters, digits, hyphens and underscores, such as \"prod\"; \"none\" is what jobs without one have here."
  }
}

variable "repository" {
  description = "Image repository that GitHub Actions push to: output repository of module registry. Needed with github."
  type        = string
  default     = null

  validation {
    condition     = var.github == null || var.repository != null
    error_message = "repository: name the image repository that GitHub Actions shall push to, or leave out github."
  }
}

variable "node_service_account" {
  description = "Service account of the cluster's nodes, which the account that applies gives to them: output node_service_account of module cluster. Needed with github."
  type        = string
  default     = null

  validation {
    condition     = var.github == null || var.node_service_account != null
    error_message = "node_service_account: name the account of the cluster's nodes, or leave out github."
  }
}

variable "state_bucket" {
  description = "Bucket of Terraform's state, which GitHub Actions read and write. Needed with github."
  type        = string
  default     = null

  validation {
    condition     = var.github == null || var.state_bucket != null
    error_message = "state_bucket: name the bucket of Terraform's state, or leave out github."
  }
}
