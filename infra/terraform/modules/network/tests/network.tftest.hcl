mock_provider "google" {}

variables {
  project_id = "fraud-dev-1234"
  region     = "europe-west3"
}

run "nothing_comes_in_that_is_not_let_in" {
  command = plan

  assert {
    condition     = google_compute_firewall.deny_ingress.priority == 65534 && google_compute_firewall.deny_ingress.direction == "INGRESS" && one(google_compute_firewall.deny_ingress.deny).protocol == "all"
    error_message = "Last of all rules, everything is turned away."
  }

  assert {
    condition     = length(google_compute_firewall.deny_ingress.log_config) == 1
    error_message = "What was turned away is logged."
  }

  assert {
    condition     = sort(distinct(flatten([for rule in values(google_compute_firewall.webhooks) : flatten([for allow in rule.allow : allow.ports])]))) == tolist(["10250", "8443", "9443"])
    error_message = "The control plane reaches webhooks, and nothing else."
  }

  assert {
    condition     = alltrue([for rule in values(google_compute_firewall.webhooks) : tolist(rule.source_ranges) == tolist([var.control_plane_cidr]) && tolist(rule.target_tags) == tolist(["phasegate-node"])])
    error_message = "Only the control plane calls webhooks, and only on nodes."
  }

  assert {
    condition     = join(" ", keys(google_compute_firewall.webhooks)) == "cert-manager envoy-gateway kserve pipelines trainer"
    error_message = "There is one rule for each that listens."
  }
}

run "nodes_are_private_and_seen" {
  command = plan

  assert {
    condition     = google_compute_subnetwork.this.private_ip_google_access && google_compute_subnetwork.this.stack_type == "IPV4_ONLY"
    error_message = "Nodes reach Google without a public address, and have none by IPv6."
  }

  assert {
    condition     = google_compute_subnetwork.this.log_config[0].flow_sampling == 0.1
    error_message = "Flows are logged."
  }

  assert {
    condition     = !google_compute_network.this.auto_create_subnetworks
    error_message = "There are no subnets but ours."
  }
}

run "egress_has_known_addresses" {
  command = apply

  variables {
    nat_addresses       = 2
    deletion_protection = false
  }

  assert {
    condition     = google_compute_router_nat.this.nat_ip_allocate_option == "MANUAL_ONLY" && length(google_compute_router_nat.this.nat_ips) == 2 && length(output.nat_ips) == 2
    error_message = "Egress leaves by the addresses that are told."
  }

  assert {
    condition     = one(google_compute_router_nat.this.subnetwork).source_ip_ranges_to_nat == toset(["ALL_IP_RANGES"])
    error_message = "Pods leave by the NAT too, not only nodes."
  }

  assert {
    condition     = output.pods_range_name == "phasegate-pods" && output.services_range_name == "phasegate-services" && output.node_tag == "phasegate-node"
    error_message = "The cluster finds its ranges and its tag."
  }
}

run "googles_services_have_their_range" {
  command = plan

  variables {
    private_services_cidr = "10.32.0.0/18"
  }

  assert {
    condition     = google_compute_global_address.private_services.address == "10.32.0.0" && google_compute_global_address.private_services.prefix_length == 18 && google_compute_global_address.private_services.purpose == "VPC_PEERING"
    error_message = "Cloud SQL and Memorystore take their addresses from the range that was written."
  }

  assert {
    condition     = google_service_networking_connection.private_services.reserved_peering_ranges == tolist(["phasegate-private-services"])
    error_message = "The connection has that range."
  }
}

run "a_network_refuses_to_go" {
  command = plan

  assert {
    condition = alltrue([
      for policy in [
        google_compute_network.this.deletion_policy,
        google_compute_subnetwork.this.deletion_policy,
        google_compute_address.nat[0].deletion_policy,
        google_service_networking_connection.private_services.deletion_policy,
      ] : policy == "PREVENT"
    ])
    error_message = "Nothing of the network is destroyed while deletion_protection is on."
  }
}

run "unless_told_so" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = google_compute_network.this.deletion_policy == "DELETE" && google_service_networking_connection.private_services.deletion_policy == "ABANDON"
    error_message = "Without deletion_protection the network goes, and Google's side is left to Google."
  }
}

run "a_webhook_of_ones_own" {
  command = plan

  variables {
    webhooks = { knative = { ports = [8443], reason = "checks Services of Knative" } }
  }

  assert {
    condition     = google_compute_firewall.webhooks["knative"].description == "Control plane to knative: checks Services of Knative."
    error_message = "A rule says what it is for."
  }
}

run "a_port_is_a_number_up_to_65535" {
  command = plan

  variables {
    webhooks = { knative = { ports = [84430], reason = "checks" } }
  }

  expect_failures = [var.webhooks]
}

run "no_webhook_no_cluster" {
  command = plan

  variables {
    webhooks = {}
  }

  expect_failures = [var.webhooks]
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

run "no_flows_at_all" {
  command = plan

  variables {
    flow_log_sampling = 0
  }

  expect_failures = [var.flow_log_sampling]
}
