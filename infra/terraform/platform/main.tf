locals {
  images   = { for name, pin in jsondecode(file(var.images_file)) : name => "${pin.image}@${pin.digest}" }
  replicas = var.size == "prod" ? 2 : 1

  # Of the model; its accounts are known by it to the first root.
  namespace = "phasegate"
}

module "addons" {
  source = "../modules/addons"

  versions = var.versions
  trainer  = var.training
  replicas = local.replicas
  gateway = {
    hostnames = [var.hostname]
    exposure  = var.exposure
    issuer    = var.certificate_issuer
  }
}

module "pipelines" {
  source = "../modules/pipelines"

  release          = var.pipelines
  pipeline_root    = local.cloud.pipeline_root
  service_accounts = local.cloud.service_accounts
  images           = { core = local.images["core"] }
  # Its kinds are known once Trainer is there.
  training = module.addons.trainer
}

module "tracking" {
  source = "../modules/tracking"

  image                  = local.images["tracking"]
  database               = local.cloud.mlflow_database
  artifacts              = local.cloud.mlflow_artifacts
  google_service_account = local.cloud.service_accounts["mlflow/mlflow"]
  issuer                 = module.addons.issuer
  replicas               = local.replicas
  clients = {
    (module.pipelines.namespace) = {}
    (local.namespace)            = { "app.kubernetes.io/name" = "phasegate-guard" }
  }
}

module "serving" {
  source = "../modules/serving"

  namespace           = local.namespace
  model               = var.model
  hostname            = var.hostname
  size                = var.size
  store               = local.cloud.store
  log                 = local.cloud.log
  images              = { for name in ["core", "drift"] : name => local.images[name] }
  service_accounts    = local.cloud.service_accounts
  pipelines_namespace = module.pipelines.namespace
  monitoring          = var.monitoring
  gateway             = module.addons.gateway
  registry = {
    url       = module.tracking.url
    namespace = module.tracking.namespace
    port      = module.tracking.port
    secret    = local.client
    key       = "ca.crt"
  }
}
