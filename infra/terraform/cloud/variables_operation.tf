variable "alert_emails" {
  description = "Addresses that alerts are sent to."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "alert_emails: ${join(", ", [for address in var.alert_emails : "\"${address}\"" if !can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])} is no address; write one such as \"fraud-oncall@example.com\"."
  }
}

variable "billing_account" {
  description = "Billing account that pays, for the budget; null where you may not see it, and then there is no budget."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account is no billing account: write \"012345-6789AB-CDEF01\", as `gcloud billing accounts list` prints it, with capital letters and without \"billingAccounts/\", or null."
  }
}

variable "monthly_budget" {
  description = "What a month may cost, in whole units of the billing account's currency, before somebody is told."
  type        = number
  default     = null

  validation {
    condition     = (var.monthly_budget == null) == (var.billing_account == null)
    error_message = "monthly_budget and billing_account belong together: a budget is kept by the account that pays."
  }
}

variable "github" {
  description = "Repository whose GitHub Actions plan, apply, push images and submit: the numbers of owner and repository (`gh api repos/OWNER/NAME --jq '.owner.id, .id'`), the branch that is deployed, and the protected environment that applying and submitting wait in; null for none."
  type = object({
    owner_id           = string
    repository_id      = string
    branch             = optional(string, "main")
    environment        = string
    submit_environment = optional(string)
  })
  default = null
}
