variable "project_id" {
  description = "Project that the cluster is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is no project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, such as \"fraud-dev-1234\". It is the id, not the name or the number."
  }
}

variable "region" {
  description = "Region of the cluster: control plane and nodes are spread over its zones."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is no region: write one such as \"europe-west3\", without a zone's letter."
  }
}

variable "name" {
  description = "Name of the cluster, and prefix of its nodes' account."
  type        = string
  default     = "phasegate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "labels" {
  description = "Labels of cluster and nodes; costs are told apart by them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(var.labels) <= 64 && alltrue([
      for key, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels: at most 64, keys of 1 to 63 lower-case letters, digits, hyphens and underscores beginning with a letter, and values of at most 63 such characters."
  }
}

variable "deletion_protection" {
  description = "Whether the cluster refuses to be destroyed, also where a change would replace it."
  type        = bool
  default     = true
  nullable    = false
}

variable "mode" {
  description = "`autopilot`: Google runs the nodes, and pods are paid for. `standard`: node pools of your own, and nodes are paid for. To change it is to make another cluster."
  type        = string
  default     = "autopilot"
  nullable    = false

  validation {
    condition     = contains(["autopilot", "standard"], var.mode)
    error_message = "mode \"${var.mode}\": write \"autopilot\" or \"standard\"."
  }
}

variable "image_repositories" {
  description = "Repositories of Artifact Registry that nodes pull from, by a name of your choice: projects/PROJECT/locations/REGION/repositories/NAME."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "release_channel" {
  description = "How soon GKE's versions come: RAPID, REGULAR, STABLE or EXTENDED."
  type        = string
  default     = "REGULAR"
  nullable    = false

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE", "EXTENDED"], var.release_channel)
    error_message = "release_channel \"${var.release_channel}\": write RAPID, REGULAR, STABLE or EXTENDED. A cluster in none gets no security fixes by itself."
  }
}

variable "binary_authorization" {
  description = "`PROJECT_SINGLETON_POLICY_ENFORCE`: only images that the project's policy of Binary Authorization admits may run; a new project's admits all, and it needs binaryauthorization.googleapis.com. `DISABLED`: nobody asks."
  type        = string
  default     = "PROJECT_SINGLETON_POLICY_ENFORCE"
  nullable    = false

  validation {
    condition     = contains(["PROJECT_SINGLETON_POLICY_ENFORCE", "DISABLED"], var.binary_authorization)
    error_message = "binary_authorization \"${var.binary_authorization}\": write PROJECT_SINGLETON_POLICY_ENFORCE or DISABLED."
  }
}

variable "kms_key" {
  description = "Key that the cluster's Secrets are encrypted with before they are stored, as projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY; none of your own where null. GKE's service agent must be allowed to use it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key \"${coalesce(var.kms_key, "null")}\" is no key: write projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY, without a version."
  }
}

variable "rbac_group" {
  description = "Google group whose member groups can be named in RBAC, as gke-security-groups@DOMAIN; people alone where null."
  type        = string
  default     = null

  validation {
    condition     = var.rbac_group == null || can(regex("^gke-security-groups@[a-z0-9.-]+\\.[a-z]+$", var.rbac_group))
    error_message = "rbac_group \"${coalesce(var.rbac_group, "null")}\": GKE takes only a group of the name gke-security-groups@DOMAIN."
  }
}

variable "secret_manager" {
  description = "Whether pods can mount secrets of Secret Manager (GKE's add-on)."
  type        = bool
  default     = false
  nullable    = false
}

variable "monitoring_components" {
  description = "What GKE itself sends metrics of. Phasegate's own are collected by Managed Prometheus whatever this says."
  type        = list(string)
  default     = ["SYSTEM_COMPONENTS", "HPA", "POD", "DEPLOYMENT", "STATEFULSET", "STORAGE", "CADVISOR", "KUBELET"]
  nullable    = false

  validation {
    condition     = contains(var.monitoring_components, "SYSTEM_COMPONENTS")
    error_message = "monitoring_components: SYSTEM_COMPONENTS is always among them."
  }
}
