# The second root's values; dev.platform.tfvars has the same names. Replace the first three.
state_bucket = "fraud-prod-1234-phasegate-state" # as in prod.gcs.tfbackend
model        = "card-fraud"
hostname     = "card-fraud.example.com"
size         = "prod"
training     = true

exposure           = "internal"
certificate_issuer = ""
