# What users depend on: it survives the failure of a zone, and refuses to be taken down.
# The first root's values; dev.tfvars has the same names. Replace the first five.
project_id      = "fraud-prod-1234"
billing_account = "012345-6789AB-CDEF01"
alert_emails    = ["fraud-oncall@example.com"]
data_sources    = ["fraud-prod-1234-events"]
github          = null
region          = "europe-west3"
environment     = "prod"
labels          = { team = "risk" }

deletion_protection = true
cmek                = true
monthly_budget      = 1000

cluster_mode    = "autopilot"
release_channel = "STABLE"

database = {
  tier         = "db-custom-2-7680"
  availability = "REGIONAL"
  backups      = 30
}
redis          = null # { tier = "STANDARD_HA", memory_size_gb = 5 } for features of your own
image_scanning = true

audit_retention_days = 400
audit_locked         = false # true cannot be taken back
log_retention_days   = 400
log_delete_days      = 730
