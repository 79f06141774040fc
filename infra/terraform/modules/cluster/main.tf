locals {
  standard   = var.mode == "standard"
  zone_count = length(var.zones) == 0 ? 3 : length(var.zones)
}

# One resource for both modes. What Autopilot decides by itself, and refuses to be told, is null or absent
# for it; what is not asked of `local.standard` holds for both.
resource "google_container_cluster" "this" {
  #checkov:skip=CKV_GCP_21:Every cluster has a label, component, and those that it is given; checkov does not work out what merge() makes of labels from another module.
  #checkov:skip=CKV_GCP_12:Dataplane V2 enforces NetworkPolicies (datapath_provider); the check looks for the add-on that it replaces, which Autopilot refuses to be told about.
  project             = var.project_id
  location            = var.region
  name                = var.name
  description         = "Phasegate: training, serving and monitoring."
  resource_labels     = merge(var.labels, { component = "cluster" })
  deletion_protection = var.deletion_protection

  enable_autopilot = local.standard ? null : true
  node_locations   = local.standard && length(var.zones) > 0 ? var.zones : null

  network                     = var.network_id
  subnetwork                  = var.subnet_id
  networking_mode             = "VPC_NATIVE"
  datapath_provider           = "ADVANCED_DATAPATH"
  default_max_pods_per_node   = local.standard ? var.max_pods_per_node : null
  enable_intranode_visibility = local.standard ? true : null
  enable_l4_ilb_subsetting    = true
  enable_shielded_nodes       = local.standard ? true : null
  enable_legacy_abac          = false

  ip_allocation_policy {
    cluster_secondary_range_name  = var.pods_range_name
    services_secondary_range_name = var.services_range_name
  }

  # No node and no control plane has a public address.
  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
    master_ipv4_cidr_block  = var.control_plane_cidr
  }

  # Without a range in it, nobody but the cluster's nodes reaches the private address.
  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled      = false
    private_endpoint_enforcement_enabled = true

    dynamic "cidr_blocks" {
      for_each = var.authorized_networks
      content {
        display_name = cidr_blocks.key
        cidr_block   = cidr_blocks.value
      }
    }
  }

  # IAM decides who is let in by the DNS name; Kubernetes' own tokens and certificates are not.
  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic    = var.dns_endpoint
      enable_k8s_tokens_via_dns = false
      enable_k8s_certs_via_dns  = false
    }

    ip_endpoints_config {
      enabled = true
    }
  }

  # Envoy Gateway brings the kinds of the Gateway API, in the version that it was tested with.
  gateway_api_config {
    channel = "CHANNEL_DISABLED"
  }

  release_channel {
    channel = var.release_channel
  }

  maintenance_policy {
    recurring_window {
      start_time = var.maintenance_window.start_time
      end_time   = var.maintenance_window.end_time
      recurrence = var.maintenance_window.recurrence
    }

    dynamic "maintenance_exclusion" {
      for_each = var.maintenance_exclusions
      content {
        exclusion_name = maintenance_exclusion.key
        start_time     = maintenance_exclusion.value.start_time
        end_time       = maintenance_exclusion.value.end_time

        exclusion_options {
          scope = maintenance_exclusion.value.scope
        }
      }
    }
  }

  workload_identity_config {
    workload_pool = "${var.project_id}.svc.id.goog"
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  # Who did not say who he is may ask whether the cluster is well, and nothing else; and no binding may
  # change that, or let in everybody who has a Google account.
  anonymous_authentication_config {
    mode = "LIMITED"
  }

  rbac_binding_config {
    enable_insecure_binding_system_authenticated   = false
    enable_insecure_binding_system_unauthenticated = false
  }

  service_external_ips_config {
    enabled = false
  }

  dynamic "authenticator_groups_config" {
    for_each = var.rbac_group == null ? [] : [var.rbac_group]
    content {
      security_group = authenticator_groups_config.value
    }
  }

  binary_authorization {
    evaluation_mode = var.binary_authorization
  }

  # Images are searched in the registry, which does not need them to run first.
  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_DISABLED"
  }

  dynamic "database_encryption" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      state    = "ENCRYPTED"
      key_name = database_encryption.value
    }
  }

  secret_manager_config {
    enabled = var.secret_manager
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"]
  }

  monitoring_config {
    enable_components = var.monitoring_components

    managed_prometheus {
      enabled = true
    }
  }

  cost_management_config {
    enabled = true
  }

  vertical_pod_autoscaling {
    enabled = true
  }

  # Autopilot: whose account nodes have, and what is on them.
  dynamic "cluster_autoscaling" {
    for_each = local.standard ? [] : [google_service_account.node.email]
    content {
      auto_provisioning_defaults {
        service_account = cluster_autoscaling.value
        oauth_scopes    = local.scopes
      }
    }
  }

  dynamic "node_pool_auto_config" {
    for_each = local.standard ? [] : [var.node_tag]
    content {
      network_tags {
        tags = [node_pool_auto_config.value]
      }

      node_kubelet_config {
        insecure_kubelet_readonly_port_enabled = "FALSE"
      }
    }
  }

  # Standard: the pool that every cluster begins with goes at once; pools are resources of their own, as
  # those in a cluster cannot be changed without making it again. Its node must not have the account that
  # Compute Engine gives it, which in many projects may do everything.
  remove_default_node_pool = local.standard ? true : null
  initial_node_count       = local.standard ? 1 : null

  dynamic "node_config" {
    for_each = local.standard ? [google_service_account.node.email] : []
    content {
      service_account = node_config.value
      oauth_scopes    = local.scopes
      tags            = [var.node_tag]

      shielded_instance_config {
        enable_secure_boot          = true
        enable_integrity_monitoring = true
      }

      workload_metadata_config {
        mode = "GKE_METADATA"
      }
    }
  }

  dynamic "addons_config" {
    for_each = local.standard ? [true] : []
    content {
      dns_cache_config {
        enabled = addons_config.value
      }
    }
  }

  dynamic "node_pool_defaults" {
    for_each = local.standard ? ["FALSE"] : []
    content {
      node_config_defaults {
        insecure_kubelet_readonly_port_enabled = node_pool_defaults.value
      }
    }
  }

  lifecycle {
    # That of the pool which is gone.
    ignore_changes = [node_config, initial_node_count]
  }

  # Nodes that cannot pull, or write logs, hang for an hour before GKE says so.
  depends_on = [google_project_iam_member.node, google_artifact_registry_repository_iam_member.node]
}
