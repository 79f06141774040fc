variable "plan_account" {
  description = "E-mail of the account that plans: it may read, and try by dry runs, what the second root makes."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+@[a-z0-9.-]+\\.iam\\.gserviceaccount\\.com$", var.plan_account))
    error_message = "plan_account \"${var.plan_account}\": the e-mail of a Google service account, such as phasegate-gh-plan@PROJECT.iam.gserviceaccount.com."
  }
}

variable "submit_account" {
  description = "E-mail of the account that submits: it may forward a port to Kubeflow Pipelines."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+@[a-z0-9.-]+\\.iam\\.gserviceaccount\\.com$", var.submit_account))
    error_message = "submit_account \"${var.submit_account}\": the e-mail of a Google service account, such as phasegate-gh-submit@PROJECT.iam.gserviceaccount.com."
  }

  validation {
    condition     = var.submit_account != var.plan_account
    error_message = "submit_account: another account than the one that plans, which may change nothing, and forward no port."
  }
}

variable "pipelines_namespace" {
  description = "Namespace of Kubeflow Pipelines."
  type        = string
  nullable    = false
}

variable "pipelines_secrets" {
  description = "Secrets there that are part of what is applied."
  type        = list(string)
  default     = ["mlpipeline-minio-artifact", "mysql-secret"]
  nullable    = false

  validation {
    condition     = length(var.pipelines_secrets) > 0
    error_message = "pipelines_secrets: a rule without names would be one for all Secrets."
  }
}

variable "overlay_namespaces" {
  description = "Namespaces that objects of kustomizations are in: Kubeflow Pipelines', and the model's."
  type        = set(string)
  nullable    = false
}

variable "certificate_namespaces" {
  description = "Namespaces that only certificates or the Gateway are made in by kustomize's provider."
  type        = set(string)
  nullable    = false
}

variable "release_namespaces" {
  description = "Namespaces that helm keeps its releases in."
  type        = set(string)
  nullable    = false
}
