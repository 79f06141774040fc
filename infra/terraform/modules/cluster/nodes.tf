locals {
  # What a node may do is decided by its account's roles; a scope can only take away from that.
  scopes = ["https://www.googleapis.com/auth/cloud-platform"]
}

# Pods do not get this account: Workload Identity gives each its own, and hides the node's from it.
resource "google_service_account" "node" {
  project      = var.project_id
  account_id   = "${var.name}-nodes"
  display_name = "Nodes of cluster ${var.name}"
  description  = "Writes the nodes' logs and metrics, pulls images. No workload runs as it."
}

resource "google_project_iam_member" "node" {
  project = var.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.node.member
}

resource "google_artifact_registry_repository_iam_member" "node" {
  for_each = var.image_repositories

  repository = each.value
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.node.member
}

resource "google_container_node_pool" "this" {
  for_each = local.standard ? var.node_pools : {}

  project            = var.project_id
  location           = var.region
  cluster            = google_container_cluster.this.id
  name               = each.key
  max_pods_per_node  = var.max_pods_per_node
  initial_node_count = ceil(each.value.min_nodes / local.zone_count) # in each zone

  autoscaling {
    total_min_node_count = each.value.min_nodes
    total_max_node_count = each.value.max_nodes
    location_policy      = each.value.spot ? "ANY" : "BALANCED" # wherever there are some left
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  # A new node first, then the old one is drained: a pool of one node goes on serving.
  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = 1
    max_unavailable = 0
  }

  network_config {
    enable_private_nodes = true
  }

  node_config {
    machine_type    = each.value.machine_type
    image_type      = "COS_CONTAINERD"
    spot            = each.value.spot
    service_account = google_service_account.node.email
    oauth_scopes    = local.scopes
    tags            = [var.node_tag]
    labels          = each.value.labels
    resource_labels = merge(var.labels, { component = "cluster", pool = each.key })
    metadata        = { disable-legacy-endpoints = "true" }

    dynamic "taint" {
      for_each = each.value.taints
      content {
        key    = taint.value.key
        value  = taint.value.value
        effect = taint.value.effect
      }
    }

    boot_disk {
      size_gb   = each.value.disk_gb
      disk_type = each.value.disk_type
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    kubelet_config {
      insecure_kubelet_readonly_port_enabled = "FALSE"
    }

    # Images of 2 GiB start before they are there as a whole.
    gcfs_config {
      enabled = true
    }

    gvnic {
      enabled = true
    }
  }

  lifecycle {
    # The autoscaler's business as soon as the pool is there.
    ignore_changes = [initial_node_count]
  }
}
