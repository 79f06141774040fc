mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = {
      email  = "phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
      member = "serviceAccount:phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
    }
  }
}

variables {
  project_id          = "fraud-dev-1234"
  region              = "europe-west3"
  network_id          = "projects/fraud-dev-1234/global/networks/phasegate"
  subnet_id           = "projects/fraud-dev-1234/regions/europe-west3/subnetworks/phasegate-nodes"
  pods_range_name     = "phasegate-pods"
  services_range_name = "phasegate-services"
  control_plane_cidr  = "172.16.0.0/28"
  node_tag            = "phasegate-node"
  image_repositories  = { phasegate = "projects/fraud-dev-1234/locations/europe-west3/repositories/phasegate" }
}

run "nothing_has_a_public_address" {
  command = plan

  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes && google_container_cluster.this.private_cluster_config[0].enable_private_endpoint
    error_message = "Neither nodes nor the control plane have one."
  }

  assert {
    condition     = length(google_container_cluster.this.master_authorized_networks_config) == 1 && length(google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks) == 0 && google_container_cluster.this.master_authorized_networks_config[0].private_endpoint_enforcement_enabled
    error_message = "The private address answers to the cluster's own nodes."
  }

  assert {
    condition     = google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic && !google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].enable_k8s_tokens_via_dns
    error_message = "By its name, IAM lets in; Kubernetes' tokens do not."
  }
}

run "autopilot_is_told_nothing_that_it_refuses" {
  command = plan

  assert {
    condition     = google_container_cluster.this.enable_autopilot && length(google_container_node_pool.this) == 0
    error_message = "Autopilot has no pools of ours."
  }

  assert {
    condition     = length(google_container_cluster.this.addons_config) == 0
    error_message = "The DNS cache is always there."
  }

  assert {
    condition     = google_container_cluster.this.node_pool_auto_config[0].network_tags[0].tags == tolist(["phasegate-node"])
    error_message = "The firewall knows Autopilot's nodes."
  }
}

run "its_nodes_have_an_account_of_their_own" {
  command = apply

  assert {
    condition     = google_container_cluster.this.cluster_autoscaling[0].auto_provisioning_defaults[0].service_account == "phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
    error_message = "Nodes do not run as Compute Engine's account."
  }

  assert {
    condition     = google_project_iam_member.node.role == "roles/container.defaultNodeServiceAccount" && google_project_iam_member.node.member == google_service_account.node.member
    error_message = "In the project, nodes write logs and metrics and may do nothing else."
  }

  assert {
    condition     = [for grant in values(google_artifact_registry_repository_iam_member.node) : "${grant.repository} ${grant.role}"] == ["projects/fraud-dev-1234/locations/europe-west3/repositories/phasegate roles/artifactregistry.reader"]
    error_message = "They read the repository that was named, and no other."
  }

  assert {
    condition     = output.workload_pool == "fraud-dev-1234.svc.id.goog" && output.node_service_account == "phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
    error_message = "Others are told pool and account."
  }
}

run "it_is_hardened" {
  command = plan

  assert {
    condition     = google_container_cluster.this.datapath_provider == "ADVANCED_DATAPATH" && !google_container_cluster.this.enable_legacy_abac && google_container_cluster.this.binary_authorization[0].evaluation_mode == "PROJECT_SINGLETON_POLICY_ENFORCE"
    error_message = "Dataplane V2, RBAC and Binary Authorization are on."
  }

  assert {
    condition     = google_container_cluster.this.anonymous_authentication_config[0].mode == "LIMITED" && !google_container_cluster.this.rbac_binding_config[0].enable_insecure_binding_system_authenticated
    error_message = "The world has no rights."
  }

  assert {
    condition     = google_container_cluster.this.gateway_api_config[0].channel == "CHANNEL_DISABLED"
    error_message = "Envoy Gateway brings the Gateway API's kinds."
  }

  assert {
    condition     = google_container_cluster.this.monitoring_config[0].managed_prometheus[0].enabled && google_container_cluster.this.cost_management_config[0].enabled
    error_message = "Metrics are collected, costs are told apart."
  }

  assert {
    condition     = google_container_cluster.this.deletion_protection && google_container_cluster.this.release_channel[0].channel == "REGULAR"
    error_message = "It refuses to be destroyed, and is kept up to date."
  }

  assert {
    condition     = length(google_container_cluster.this.database_encryption) == 0 && length(google_container_cluster.this.authenticator_groups_config) == 0
    error_message = "Keys and groups of one's own are options."
  }
}

run "options_are_taken" {
  command = plan

  variables {
    kms_key             = "projects/fraud-dev-1234/locations/europe-west3/keyRings/phasegate/cryptoKeys/phasegate-cluster"
    rbac_group          = "gke-security-groups@example.com"
    authorized_networks = { vpn = "10.200.0.0/24" }
    dns_endpoint        = false
    deletion_protection = false
    secret_manager      = true

    maintenance_exclusions = {
      christmas = { start_time = "2026-12-18T00:00:00Z", end_time = "2027-01-04T00:00:00Z" }
    }
  }

  assert {
    condition     = google_container_cluster.this.database_encryption[0].state == "ENCRYPTED" && endswith(google_container_cluster.this.database_encryption[0].key_name, "/phasegate-cluster")
    error_message = "Secrets are encrypted by the key that was named."
  }

  assert {
    condition     = google_container_cluster.this.authenticator_groups_config[0].security_group == "gke-security-groups@example.com"
    error_message = "RBAC knows groups."
  }

  assert {
    condition     = one(google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks).cidr_block == "10.200.0.0/24" && !google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic
    error_message = "Who is in the VPN reaches the private address, and nobody else the control plane."
  }

  assert {
    condition     = one(google_container_cluster.this.maintenance_policy[0].maintenance_exclusion).exclusion_options[0].scope == "NO_UPGRADES"
    error_message = "There are no upgrades at Christmas."
  }

  assert {
    condition     = !google_container_cluster.this.deletion_protection && google_container_cluster.this.secret_manager_config[0].enabled
    error_message = "Protection and add-on are as told."
  }
}

run "a_third_mode" {
  command = plan

  variables {
    mode = "serverless"
  }

  expect_failures = [var.mode]
}

run "a_name_of_21_characters" {
  command = plan

  variables {
    name = "phasegate-fraud-europ"
  }

  expect_failures = [var.name]
}

run "a_project_has_an_id" {
  command = plan

  variables {
    project_id = "Fraud"
  }

  expect_failures = [var.project_id]
}

run "a_zone_is_no_region" {
  command = plan

  variables {
    region = "europe-west3-a"
  }

  expect_failures = [var.region]
}

run "a_label_in_capitals" {
  command = plan

  variables {
    labels = { Team = "risk" }
  }

  expect_failures = [var.labels]
}

run "a_control_plane_of_another_size" {
  command = plan

  variables {
    control_plane_cidr = "172.16.0.0/24"
  }

  expect_failures = [var.control_plane_cidr]
}

run "everybody_is_no_network" {
  command = plan

  variables {
    authorized_networks = { all = "0.0.0.0/0" }
  }

  expect_failures = [var.authorized_networks]
}

run "an_address_is_no_range" {
  command = plan

  variables {
    authorized_networks = { me = "10.1.2.3" }
  }

  expect_failures = [var.authorized_networks]
}

run "a_cluster_in_no_channel" {
  command = plan

  variables {
    release_channel = "UNSPECIFIED"
  }

  expect_failures = [var.release_channel]
}

run "half_an_hour_is_no_window" {
  command = plan

  variables {
    maintenance_window = { start_time = "2026-01-03T01:00:00Z", end_time = "2026-01-03T01:30:00Z", recurrence = "FREQ=DAILY" }
  }

  expect_failures = [var.maintenance_window]
}

run "a_window_that_ends_before_it_starts" {
  command = plan

  variables {
    maintenance_window = { start_time = "2026-01-03T07:00:00Z", end_time = "2026-01-03T01:00:00Z", recurrence = "FREQ=DAILY" }
  }

  expect_failures = [var.maintenance_window]
}

run "a_window_in_local_time" {
  command = plan

  variables {
    maintenance_window = { start_time = "2026-01-03T01:00:00+01:00", end_time = "2026-01-03T07:00:00+01:00", recurrence = "FREQ=DAILY" }
  }

  expect_failures = [var.maintenance_window]
}

run "once_a_month_is_too_seldom" {
  command = plan

  variables {
    maintenance_window = { start_time = "2026-01-03T01:00:00Z", end_time = "2026-01-03T07:00:00Z", recurrence = "FREQ=MONTHLY" }
  }

  expect_failures = [var.maintenance_window]
}

run "an_exclusion_that_ends_before_it_starts" {
  command = plan

  variables {
    maintenance_exclusions = { back = { start_time = "2027-01-04T00:00:00Z", end_time = "2026-12-18T00:00:00Z" } }
  }

  expect_failures = [var.maintenance_exclusions]
}

run "an_exclusion_of_everything" {
  command = plan

  variables {
    maintenance_exclusions = { all = { start_time = "2026-12-18T00:00:00Z", end_time = "2027-01-04T00:00:00Z", scope = "ALL" } }
  }

  expect_failures = [var.maintenance_exclusions]
}

run "binary_authorization_has_two_modes" {
  command = plan

  variables {
    binary_authorization = "DRYRUN"
  }

  expect_failures = [var.binary_authorization]
}

run "a_version_is_no_key" {
  command = plan

  variables {
    kms_key = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
  }

  expect_failures = [var.kms_key]
}

run "a_group_of_another_name" {
  command = plan

  variables {
    rbac_group = "platform@example.com"
  }

  expect_failures = [var.rbac_group]
}

run "a_tag_in_capitals" {
  command = plan

  variables {
    node_tag = "Node"
  }

  expect_failures = [var.node_tag]
}

run "metrics_of_nothing" {
  command = plan

  variables {
    monitoring_components = ["POD"]
  }

  expect_failures = [var.monitoring_components]
}
