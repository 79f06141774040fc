# What is refused, and what is just about not.
mock_provider "google" {}

variables {
  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

run "the_ranges_that_are_there_fit" {
  command = plan

  assert {
    condition     = length(module.ranges.overlaps) == 0
    error_message = "The defaults are a network."
  }
}

run "the_smallest_ranges_fit" {
  command = plan

  variables {
    max_nodes             = 12
    max_pods_per_node     = 32
    nodes_cidr            = "192.168.0.0/28"
    pods_cidr             = "100.64.0.0/22"
    services_cidr         = "192.168.1.0/24"
    private_services_cidr = "192.168.2.0/23"
    control_plane_cidr    = "192.168.0.16/28"
  }

  assert {
    condition     = local.addresses_per_node == 64
    error_message = "32 pods have 64 addresses."
  }
}

run "nodes_and_pods_overlap" {
  command = plan

  variables {
    nodes_cidr = "10.4.16.0/20"
  }

  expect_failures = [google_compute_network.this]
}

run "services_within_pods" {
  command = plan

  variables {
    services_cidr = "10.7.240.0/20"
  }

  expect_failures = [google_compute_network.this]
}

run "control_plane_among_nodes" {
  command = plan

  variables {
    control_plane_cidr = "10.0.15.240/28"
  }

  expect_failures = [google_compute_network.this]
}

run "database_among_services" {
  command = plan

  variables {
    private_services_cidr = "10.8.0.0/20"
  }

  expect_failures = [google_compute_network.this]
}

run "pods_that_cloud_sql_does_not_answer" {
  command = plan

  variables {
    pods_cidr          = "172.16.0.0/14"
    control_plane_cidr = "10.9.0.0/28"
  }

  expect_failures = [google_compute_network.this]
}

run "an_address_is_no_range" {
  command = plan

  variables {
    nodes_cidr = "10.0.0.0"
  }

  expect_failures = [var.nodes_cidr]
}

run "words_are_no_range" {
  command = plan

  variables {
    pods_cidr = "large"
  }

  expect_failures = [var.pods_cidr]
}

run "a_range_of_six_is_no_range_of_four" {
  command = plan

  variables {
    services_cidr = "fd00::/108"
  }

  expect_failures = [var.services_cidr]
}

run "an_address_within_a_range_is_not_the_range" {
  command = plan

  variables {
    services_cidr = "10.8.0.1/20"
  }

  expect_failures = [var.services_cidr]
}

run "no_byte_is_256" {
  command = plan

  variables {
    control_plane_cidr = "10.256.0.0/28"
  }

  expect_failures = [var.control_plane_cidr]
}

run "public_nodes" {
  command = plan

  variables {
    nodes_cidr = "8.8.0.0/20"
  }

  expect_failures = [var.nodes_cidr]
}

run "more_than_private" {
  command = plan

  variables {
    pods_cidr = "172.0.0.0/8"
  }

  expect_failures = [var.pods_cidr]
}

run "beside_private" {
  command = plan

  variables {
    services_cidr = "172.32.0.0/20"
  }

  expect_failures = [var.services_cidr]
}

run "googles_services_want_rfc_1918" {
  command = plan

  variables {
    private_services_cidr = "100.64.0.0/20"
  }

  expect_failures = [var.private_services_cidr]
}

run "one_node_too_many" {
  command = plan

  variables {
    nodes_cidr = "10.0.0.0/28"
    max_nodes  = 13
  }

  expect_failures = [var.nodes_cidr]
}

run "pods_of_one_node_too_many" {
  command = plan

  variables {
    pods_cidr = "10.4.0.0/20"
    max_nodes = 17
  }

  expect_failures = [var.pods_cidr]
}

run "services_run_out" {
  command = plan

  variables {
    services_cidr = "10.8.0.0/25"
  }

  expect_failures = [var.services_cidr]
}

run "more_services_than_gke_takes" {
  command = plan

  variables {
    services_cidr = "10.8.0.0/15"
  }

  expect_failures = [var.services_cidr]
}

run "no_room_beside_cloud_sql" {
  command = plan

  variables {
    private_services_cidr = "10.16.0.0/24"
  }

  expect_failures = [var.private_services_cidr]
}

run "a_control_plane_of_another_size" {
  command = plan

  variables {
    control_plane_cidr = "172.16.0.0/24"
  }

  expect_failures = [var.control_plane_cidr]
}

run "half_a_node" {
  command = plan

  variables {
    max_nodes = 0.5
  }

  expect_failures = [var.max_nodes]
}

run "more_pods_than_a_node_runs" {
  command = plan

  variables {
    max_pods_per_node = 300
  }

  expect_failures = [var.max_pods_per_node]
}

run "too_few_ports" {
  command = plan

  variables {
    max_nodes = 1009
    pods_cidr = "10.128.0.0/13"
  }

  expect_failures = [var.nat_addresses]
}
