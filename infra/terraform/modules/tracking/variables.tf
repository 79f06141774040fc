variable "image" {
  description = "Image `tracking` of this project by its digest: `phasegate images build --push tracking` writes it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9./_:-]*@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image \"${var.image}\": an image by its digest, such as europe-west3-docker.pkg.dev/PROJECT/phasegate/tracking@sha256:... A tag may be another image tomorrow."
  }
}

variable "proxy_image" {
  description = "Image of the Cloud SQL Auth Proxy."
  type        = string
  default     = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.28.0"
  nullable    = false

  validation {
    condition     = can(regex("(:2\\.[0-9]+\\.[0-9]+|@sha256:[0-9a-f]{64})$", var.proxy_image))
    error_message = "proxy_image: version 2 of the Auth Proxy, by a whole version or by digest: other versions have other options."
  }
}

variable "database" {
  description = "Cloud SQL: connection_name as PROJECT:REGION:INSTANCE, name of the database, its IAM user, and the instance's private address."
  type = object({
    connection_name = string
    name            = string
    user            = string
    private_ip      = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*:[a-z]+-[a-z]+[0-9]+:[a-z][a-z0-9-]*$", var.database.connection_name))
    error_message = "database.connection_name is \"${var.database.connection_name}\": PROJECT:REGION:INSTANCE."
  }

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]*$", var.database.name)) && can(regex("^[^@:/]+@[^@:/]+\\.iam$", var.database.user))
    error_message = "database.user is the service account without .gserviceaccount.com, such as \"phasegate-mlflow@fraud-dev-1234.iam\": there is no password."
  }

  validation {
    condition     = can(cidrnetmask("${var.database.private_ip}/32"))
    error_message = "database.private_ip is \"${var.database.private_ip}\": the instance's address in the network, such as \"10.20.0.3\"."
  }
}

variable "artifacts" {
  description = "Folder of a bucket that artifacts are kept in. Clients get them from the server, and need no access to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]/[^ ]+[^/ ]$", var.artifacts))
    error_message = "artifacts \"${var.artifacts}\": a folder of a bucket without a slash at its end, such as gs://BUCKET/mlflow."
  }
}

variable "google_service_account" {
  description = "Email of the Google service account that the server is: it may use the database and the artifacts."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9-]{4,28}[a-z0-9]\\.iam\\.gserviceaccount\\.com$", var.google_service_account))
    error_message = "google_service_account \"${var.google_service_account}\": the email of a service account, ACCOUNT@PROJECT.iam.gserviceaccount.com."
  }
}

variable "issuer" {
  description = "ClusterIssuer of the server's certificate."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", var.issuer))
    error_message = "issuer \"${var.issuer}\": the name of a ClusterIssuer."
  }
}

variable "clients" {
  description = "Namespaces whose pods may ask the server, and labels that these pods must have (none: all of the namespace)."
  type        = map(map(string))
  nullable    = false

  validation {
    condition     = length(var.clients) > 0 && alltrue([for name in keys(var.clients) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "clients: at least one namespace, such as {kubeflow = {}}; a server that nobody may ask is of no use."
  }
}

variable "replicas" {
  description = "Pods of the server: 2 and more survive the loss of a node."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains([1, 2, 3], var.replicas)
    error_message = "replicas: 1, 2 or 3."
  }
}
