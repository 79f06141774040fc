# The second root's values; prod.platform.tfvars has the same names. Replace the first three.
state_bucket = "fraud-dev-1234-phasegate-state" # as in dev.gcs.tfbackend
model        = "card-fraud"
hostname     = "card-fraud.dev.example.com"
size         = "dev"
training     = false

exposure           = "internal"
certificate_issuer = ""
