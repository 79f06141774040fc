# What Google Cloud answers, where another resource is particular about it.
mock_data "google_project" {
  defaults = {
    number = "123456789012"
  }
}

mock_data "google_storage_project_service_account" {
  defaults = {
    email_address = "service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    member        = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
  }
}

mock_data "google_logging_project_cmek_settings" {
  defaults = {
    service_account_id = "cmek-p123456789012@gcp-sa-logging.iam.gserviceaccount.com"
  }
}

mock_resource "google_kms_key_ring" {
  defaults = {
    id = "projects/fraud-dev-1234/locations/europe-west3/keyRings/phasegate"
  }
}

mock_resource "google_kms_crypto_key" {
  defaults = {
    id = "projects/fraud-dev-1234/locations/europe-west3/keyRings/phasegate/cryptoKeys/phasegate-data"
  }
}

mock_resource "google_service_account" {
  defaults = {
    email  = "phasegate-account@fraud-dev-1234.iam.gserviceaccount.com"
    member = "serviceAccount:phasegate-account@fraud-dev-1234.iam.gserviceaccount.com"
    name   = "projects/fraud-dev-1234/serviceAccounts/phasegate-account@fraud-dev-1234.iam.gserviceaccount.com"
  }
}

mock_resource "google_compute_network" {
  defaults = {
    id = "projects/fraud-dev-1234/global/networks/phasegate"
  }
}

mock_resource "google_compute_subnetwork" {
  defaults = {
    id = "projects/fraud-dev-1234/regions/europe-west3/subnetworks/phasegate-nodes"
  }
}

mock_resource "google_artifact_registry_repository" {
  defaults = {
    id = "projects/fraud-dev-1234/locations/europe-west3/repositories/phasegate"
  }
}

mock_resource "google_secret_manager_secret" {
  defaults = {
    id = "projects/fraud-dev-1234/secrets/phasegate-secret"
  }
}

mock_resource "google_monitoring_notification_channel" {
  defaults = {
    id   = "projects/fraud-dev-1234/notificationChannels/1"
    name = "projects/fraud-dev-1234/notificationChannels/1"
  }
}

mock_resource "google_sql_database_instance" {
  defaults = {
    connection_name    = "fraud-dev-1234:europe-west3:phasegate-mlflow"
    private_ip_address = "10.16.0.3"
  }
}

mock_resource "google_logging_project_bucket_config" {
  defaults = {
    id = "projects/fraud-dev-1234/locations/europe-west3/buckets/phasegate-audit"
  }
}
