# `init -backend-config=../environments/dev.gcs.tfbackend` names the bucket; what is in it is the same
# for each environment, and the second root looks for it there.
terraform {
  backend "gcs" {
    prefix = "cloud"
  }
}
