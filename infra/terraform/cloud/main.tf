locals {
  labels = merge(var.labels, {
    app         = var.name
    environment = var.environment
    managed-by  = "terraform"
  })

  # As bootstrap/ names it.
  state_bucket = "${var.project_id}-${var.name}-state"

  secrets = merge(var.secrets, var.redis == null ? {} : {
    redis-auth = { purpose = "Password of Redis. Memorystore makes it; it changes when AUTH is switched off and on again." }
  })
}

data "google_project" "this" {
  project_id = var.project_id

  depends_on = [google_project_service.this]
}

module "kms" {
  count  = var.cmek ? 1 : 0
  source = "../modules/kms"

  project_id = var.project_id
  region     = var.region
  name       = var.name
  labels     = local.labels
  keys = {
    # GKE's agent is there once its API is on.
    cluster = ["serviceAccount:service-${data.google_project.this.number}@container-engine-robot.iam.gserviceaccount.com"]
    # Buckets, secrets and the audit log: each module lets its service's agent in.
    data = []
  }

  depends_on = [google_project_service.this, google_project_service.asked_for]
}

locals {
  keys = one(module.kms[*].ids)
}

module "network" {
  source = "../modules/network"

  project_id            = var.project_id
  region                = var.region
  name                  = var.name
  labels                = local.labels
  deletion_protection   = var.deletion_protection
  nodes_cidr            = var.nodes_cidr
  pods_cidr             = var.pods_cidr
  services_cidr         = var.services_cidr
  private_services_cidr = var.private_services_cidr
  control_plane_cidr    = var.control_plane_cidr
  max_nodes             = var.max_nodes

  depends_on = [google_project_service.this]
}

module "registry" {
  source = "../modules/registry"

  project_id             = var.project_id
  region                 = var.region
  name                   = var.name
  labels                 = local.labels
  deletion_protection    = var.deletion_protection
  vulnerability_scanning = var.image_scanning

  depends_on = [google_project_service.this, google_project_service.asked_for]
}

module "cluster" {
  source = "../modules/cluster"

  project_id          = var.project_id
  region              = var.region
  name                = var.name
  labels              = local.labels
  deletion_protection = var.deletion_protection

  network_id          = module.network.network_id
  subnet_id           = module.network.subnet_id
  pods_range_name     = module.network.pods_range_name
  services_range_name = module.network.services_range_name
  control_plane_cidr  = module.network.control_plane_cidr
  node_tag            = module.network.node_tag
  max_nodes           = module.network.max_nodes
  authorized_networks = var.authorized_networks

  mode               = var.cluster_mode
  zones              = var.zones
  node_pools         = var.node_pools
  release_channel    = var.release_channel
  maintenance_window = var.maintenance_window
  image_repositories = { (var.name) = module.registry.repository }
  secret_manager     = length(local.secrets) > 0
  kms_key            = try(local.keys["cluster"], null)

  depends_on = [google_project_service.this]
}
