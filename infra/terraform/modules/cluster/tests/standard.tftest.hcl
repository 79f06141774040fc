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
  mode                = "standard"
}

run "training_finds_its_nodes" {
  command = plan

  assert {
    condition     = google_container_node_pool.this["large"].node_config[0].labels["phasegate/pool"] == "large"
    error_message = "node_selector {phasegate/pool: large} of a project's training finds the pool."
  }

  assert {
    condition     = one([for taint in google_container_node_pool.this["large"].node_config[0].taint : "${taint.key}=${taint.value}:${taint.effect}"]) == "phasegate/pool=large:NO_SCHEDULE"
    error_message = "And nobody else lands there."
  }

  assert {
    condition     = google_container_node_pool.this["large"].autoscaling[0].total_min_node_count == 0 && google_container_node_pool.this["large"].initial_node_count == 0
    error_message = "While nobody trains, it costs nothing."
  }
}

run "pools_scale_within_limits" {
  command = plan

  assert {
    condition     = google_container_node_pool.this["system"].autoscaling[0].total_min_node_count == 2 && google_container_node_pool.this["system"].autoscaling[0].total_max_node_count == 8 && google_container_node_pool.this["system"].initial_node_count == 1
    error_message = "Numbers are those of all zones; the first node in each of three."
  }

  assert {
    condition = alltrue([
      for pool in values(google_container_node_pool.this) :
      pool.management[0].auto_repair && pool.management[0].auto_upgrade && pool.upgrade_settings[0].max_unavailable == 0 && pool.network_config[0].enable_private_nodes
    ])
    error_message = "Pools are repaired and upgraded, without a node too few, and have no public address."
  }
}

run "nodes_are_hardened" {
  command = apply

  assert {
    condition = alltrue([
      for pool in values(google_container_node_pool.this) :
      pool.node_config[0].service_account == "phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
      && pool.node_config[0].shielded_instance_config[0].enable_secure_boot
      && pool.node_config[0].shielded_instance_config[0].enable_integrity_monitoring
      && pool.node_config[0].workload_metadata_config[0].mode == "GKE_METADATA"
      && pool.node_config[0].kubelet_config[0].insecure_kubelet_readonly_port_enabled == "FALSE"
      && pool.node_config[0].tags == tolist(["phasegate-node"])
    ])
    error_message = "Account, secure boot, metadata server and tag are those of every pool."
  }

  assert {
    condition     = google_container_cluster.this.remove_default_node_pool && google_container_cluster.this.enable_shielded_nodes && google_container_cluster.this.enable_intranode_visibility
    error_message = "The pool that GKE begins with goes."
  }

  assert {
    condition     = google_container_cluster.this.node_config[0].service_account == "phasegate-nodes@fraud-dev-1234.iam.gserviceaccount.com"
    error_message = "And does not run as Compute Engine's account until then."
  }

  assert {
    condition     = google_container_cluster.this.addons_config[0].dns_cache_config[0].enabled && google_container_cluster.this.node_pool_defaults[0].node_config_defaults[0].insecure_kubelet_readonly_port_enabled == "FALSE"
    error_message = "The DNS cache is on, the kubelet's open port off."
  }
}

run "spot_nodes_come_from_anywhere" {
  command = plan

  variables {
    zones = ["europe-west3-b"]

    node_pools = {
      system = { machine_type = "e2-standard-4", min_nodes = 1, max_nodes = 1 }
      spot   = { machine_type = "e2-standard-8", min_nodes = 0, max_nodes = 3, spot = true, taints = [{ key = "phasegate/pool", value = "spot" }] }
    }
  }

  assert {
    condition     = google_container_node_pool.this["spot"].node_config[0].spot && google_container_node_pool.this["spot"].autoscaling[0].location_policy == "ANY"
    error_message = "Spot is spot."
  }

  assert {
    condition     = google_container_cluster.this.node_locations == toset(["europe-west3-b"]) && google_container_node_pool.this["system"].initial_node_count == 1
    error_message = "One zone is enough for who says so."
  }
}

run "pools_fit_into_the_network" {
  command = plan

  variables {
    max_nodes = 14
  }

  assert {
    condition     = length(google_container_node_pool.this) == 2
    error_message = "8 and 4 nodes, and one for the upgrade of each, are 14."
  }
}

run "pools_that_the_network_has_no_room_for" {
  command = plan

  variables {
    max_nodes = 13
  }

  expect_failures = [var.node_pools]
}

run "a_pool_of_41_characters" {
  command = plan

  variables {
    node_pools = { aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6 } }
  }

  expect_failures = [var.node_pools]
}

run "less_than_least" {
  command = plan

  variables {
    node_pools = { system = { machine_type = "e2-standard-4", min_nodes = 7, max_nodes = 6 } }
  }

  expect_failures = [var.node_pools]
}

run "a_pool_of_none" {
  command = plan

  variables {
    node_pools = { system = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6 }, none = { machine_type = "e2-standard-4", min_nodes = 0, max_nodes = 0 } }
  }

  expect_failures = [var.node_pools]
}

run "three_zones_begin_with_three_nodes" {
  command = plan

  variables {
    node_pools = { system = { machine_type = "e2-standard-4", min_nodes = 1, max_nodes = 2 } }
  }

  expect_failures = [var.node_pools]
}

run "nowhere_for_the_system" {
  command = plan

  variables {
    node_pools = { large = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6, taints = [{ key = "phasegate/pool", value = "large" }] } }
  }

  expect_failures = [var.node_pools]
}

run "spot_is_no_place_for_the_system" {
  command = plan

  variables {
    node_pools = { system = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6, spot = true } }
  }

  expect_failures = [var.node_pools]
}

run "no_effect" {
  command = plan

  variables {
    node_pools = { system = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6 }, large = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6, taints = [{ key = "phasegate/pool", value = "large", effect = "NoSchedule" }] } }
  }

  expect_failures = [var.node_pools]
}

run "a_label_of_kubernetes" {
  command = plan

  variables {
    node_pools = { system = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6, labels = { "node.kubernetes.io/pool" = "system" } } }
  }

  expect_failures = [var.node_pools]
}

run "a_disk_too_small_for_images" {
  command = plan

  variables {
    node_pools = { system = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6, disk_gb = 20 } }
  }

  expect_failures = [var.node_pools]
}

run "a_zone_elsewhere" {
  command = plan

  variables {
    zones = ["europe-west1-b"]
  }

  expect_failures = [var.zones]
}

run "more_pods_than_a_node_runs" {
  command = plan

  variables {
    max_pods_per_node = 300
  }

  expect_failures = [var.max_pods_per_node]
}
