module "buckets" {
  source = "../modules/buckets"

  project_id           = var.project_id
  region               = var.region
  name                 = var.name
  labels               = local.labels
  audit_retention_days = var.audit_retention_days
  log_retention_days   = var.log_retention_days
  log_delete_days      = var.log_delete_days
  lock_log_retention   = var.audit_locked
  kms_key              = try(local.keys["data"], null)

  depends_on = [google_project_service.this]
}

module "identities" {
  source = "../modules/identities"

  project_id           = var.project_id
  region               = var.region
  name                 = var.name
  workload_pool        = module.cluster.workload_pool
  folders              = module.buckets.folders
  data_sources         = var.data_sources
  sql_instance         = module.mlflow.instance
  github               = var.github
  repository           = module.registry.repository
  node_service_account = module.cluster.node_service_account
  state_bucket         = local.state_bucket

  depends_on = [google_project_service.this]
}

module "secrets" {
  source = "../modules/secrets"

  project_id          = var.project_id
  region              = var.region
  name                = var.name
  labels              = local.labels
  deletion_protection = var.deletion_protection
  secrets             = local.secrets
  # Its agent must exist before; without a secret, nobody needs it.
  kms_key = length(local.secrets) > 0 ? try(local.keys["data"], null) : null

  depends_on = [google_project_service.this]
}

module "mlflow" {
  source = "../modules/mlflow"

  project_id                  = var.project_id
  region                      = var.region
  name                        = var.name
  labels                      = local.labels
  deletion_protection         = var.deletion_protection
  network_id                  = module.network.network_id
  private_services_connection = module.network.private_services_connection
  service_account_email       = module.identities.emails["mlflow"]
  tier                        = var.database.tier
  availability                = var.database.availability
  backups                     = var.database.backups
  # Models' history is no less personal than the rest: it stays in the region.
  backup_location = var.region

  depends_on = [google_project_service.this]
}

module "redis" {
  count  = var.redis == null ? 0 : 1
  source = "../modules/redis"

  project_id                  = var.project_id
  region                      = var.region
  name                        = var.name
  labels                      = local.labels
  deletion_protection         = var.deletion_protection
  network_id                  = module.network.network_id
  private_services_connection = module.network.private_services_connection
  tier                        = var.redis.tier
  memory_size_gb              = var.redis.memory_size_gb
  auth_secret                 = module.secrets.ids["redis-auth"]

  depends_on = [google_project_service.this, google_project_service.asked_for]
}
