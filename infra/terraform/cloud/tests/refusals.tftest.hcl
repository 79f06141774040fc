# What the root itself refuses, or warns of, before anything is made. What a module refuses, its tests show.
# By the provider itself, with a token that opens nothing: a plan of what is not there yet asks nobody.
provider "google" {
  access_token = "none"
}

provider "google" {
  alias        = "budget"
  access_token = "none"
}

variables {
  project_id   = "fraud-dev-1234"
  region       = "europe-west3"
  environment  = "dev"
  alert_emails = ["fraud-dev@example.com"]
}

run "the_least_is_enough" {
  command = plan

  assert {
    condition     = length(module.kms) == 0 && length(module.redis) == 0 && length(module.budget) == 0
    error_message = "Keys, Redis and a budget are asked for."
  }
}

run "a_project_has_an_id" {
  command = plan

  variables {
    project_id = "My Project"
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

run "a_name_is_short_enough_for_what_it_begins" {
  command = plan

  variables {
    name = "fraud-detection-platform"
  }

  expect_failures = [var.name]
}

run "an_environment_is_a_label" {
  command = plan

  variables {
    environment = "Production (EU)"
  }

  expect_failures = [var.environment]
}

run "labels_are_googles" {
  command = plan

  variables {
    labels = { Team = "Risk" }
  }

  expect_failures = [var.labels]
}

run "zones_are_of_the_region" {
  command = plan

  variables {
    cluster_mode = "standard"
    zones        = ["europe-west4-a"]
  }

  expect_failures = [var.zones]
}

run "a_cluster_has_one_of_two_modes" {
  command = plan

  variables {
    cluster_mode = "serverless"
  }

  expect_failures = [var.cluster_mode]
}

run "autopilot_has_no_pools" {
  command = plan

  variables {
    node_pools = { system = { machine_type = "e2-standard-4", min_nodes = 3, max_nodes = 6 } }
  }

  expect_failures = [var.node_pools]
}

run "no_channel_gets_no_fixes" {
  command = plan

  variables {
    release_channel = "UNSPECIFIED"
  }

  expect_failures = [var.release_channel]
}

run "an_audit_looks_back_a_year" {
  command = plan

  variables {
    audit_retention_days = 90
  }

  expect_failures = [var.audit_retention_days]
}

run "the_log_is_there_when_the_audit_asks" {
  command = plan

  variables {
    audit_retention_days = 730
    log_retention_days   = 400
  }

  expect_failures = [var.log_retention_days]
}

run "nothing_is_deleted_while_it_is_retained" {
  command = plan

  variables {
    log_retention_days = 800
    log_delete_days    = 730
  }

  expect_failures = [var.log_delete_days]
}

run "a_source_is_a_bucket" {
  command = plan

  variables {
    data_sources = ["gs://fraud-events/2026"]
  }

  expect_failures = [var.data_sources]
}

run "one_secret_has_its_name_already" {
  command = plan

  variables {
    secrets = { redis-auth = { purpose = "A password." } }
  }

  expect_failures = [var.secrets]
}

run "an_address_is_one" {
  command = plan

  variables {
    alert_emails = ["oncall"]
  }

  expect_failures = [var.alert_emails]
}

run "a_billing_account_is_one" {
  command = plan

  variables {
    billing_account = "billingAccounts/012345-6789AB-CDEF01"
    monthly_budget  = 400
  }

  expect_failures = [var.billing_account]
}

run "a_budget_needs_who_pays" {
  command = plan

  variables {
    monthly_budget = 400
  }

  expect_failures = [var.monthly_budget]
}

run "nobody_is_told" {
  command = plan

  variables {
    alert_emails = []
  }

  expect_failures = [check.somebody_is_told]
}

run "a_standby_and_no_protection" {
  command = plan

  variables {
    deletion_protection = false
    database            = { availability = "REGIONAL" }
  }

  expect_failures = [check.what_must_survive_cannot_be_deleted]
}

run "locked_and_soon_gone" {
  command = plan

  variables {
    deletion_protection = false
    audit_locked        = true
  }

  expect_failures = [check.what_is_locked_is_meant]
}
