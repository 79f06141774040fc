# Where everything is tried first: one zone's database, nothing refuses to be taken down but buckets.
# The first root's values; prod.tfvars has the same names. Replace the first five.
project_id      = "fraud-dev-1234"
billing_account = "012345-6789AB-CDEF01"    # gcloud billing accounts list; null: no budget
alert_emails    = ["fraud-dev@example.com"] # who is told of alerts
data_sources    = ["fraud-dev-1234-events"] # buckets that events and labels are read from; they exist
github          = null                      # see .github/workflows/README.md
region          = "europe-west3"
environment     = "dev"
labels          = { team = "risk" }

deletion_protection = false
cmek                = false
monthly_budget      = 400

cluster_mode    = "autopilot"
release_channel = "REGULAR"

database = {
  tier         = "db-custom-1-3840"
  availability = "ZONAL"
  backups      = 7
}
redis          = null # nothing of Phasegate reads it yet; {} for features of your own
image_scanning = false

audit_retention_days = 400
audit_locked         = false
log_retention_days   = 400
log_delete_days      = 400
