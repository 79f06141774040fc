mock_provider "google" {
  mock_resource "google_redis_instance" {
    defaults = {
      auth_string = "not-a-password"
      host        = "10.1.2.3"
      port        = 6378
      server_ca_certs = [
        { cert = "one", create_time = "", expire_time = "", serial_number = "", sha1_fingerprint = "" },
        { cert = "two", create_time = "", expire_time = "", serial_number = "", sha1_fingerprint = "" },
      ]
    }
  }
}

variables {
  project_id                  = "fraud-dev-1234"
  region                      = "europe-west3"
  network_id                  = "projects/fraud-dev-1234/global/networks/phasegate"
  private_services_connection = "projects/fraud-dev-1234/global/networks/phasegate:servicenetworking.googleapis.com"
  auth_secret                 = "projects/fraud-dev-1234/secrets/phasegate-redis-auth"
}

run "it_asks_for_a_password_over_tls_in_the_network_alone" {
  command = plan

  assert {
    condition     = google_redis_instance.this.auth_enabled && google_redis_instance.this.transit_encryption_mode == "SERVER_AUTHENTICATION"
    error_message = "AUTH and TLS are on."
  }

  assert {
    condition     = google_redis_instance.this.connect_mode == "PRIVATE_SERVICE_ACCESS" && google_redis_instance.this.authorized_network == var.network_id
    error_message = "It is reached by private service access."
  }

  assert {
    condition     = google_redis_instance.this.redis_configs["maxmemory-policy"] == "noeviction"
    error_message = "A feature is never computed from what is left of its past."
  }

  assert {
    condition     = google_redis_instance.this.deletion_protection && google_redis_instance.this.tier == "BASIC"
    error_message = "The small one by default, and protected."
  }
}

run "the_password_is_a_version_of_the_secret_and_no_output" {
  command = apply

  variables {
    deletion_protection = false
  }

  assert {
    condition     = google_secret_manager_secret_version.auth.secret == var.auth_secret && google_secret_manager_secret_version.auth.secret_data == "not-a-password"
    error_message = "Pods read it from Secret Manager."
  }

  assert {
    condition     = output.auth_secret == var.auth_secret && !strcontains(jsonencode([output.host, output.port, output.server_ca, output.auth_secret]), "not-a-password")
    error_message = "Outputs name the secret, and do not tell it."
  }

  assert {
    condition     = tolist(output.server_ca) == tolist(["one", "two"])
    error_message = "While authorities are exchanged, both are trusted."
  }
}

run "snapshots_are_kept_where_asked_for" {
  command = plan

  variables {
    tier      = "STANDARD_HA"
    snapshots = "SIX_HOURS"
  }

  assert {
    condition     = google_redis_instance.this.persistence_config[0].persistence_mode == "RDB" && google_redis_instance.this.persistence_config[0].rdb_snapshot_period == "SIX_HOURS"
    error_message = "Snapshots are on."
  }
}

run "bad_values_are_refused" {
  command = plan

  variables {
    tier           = "PREMIUM"
    memory_size_gb = 0.5
    redis_version  = "REDIS_5_0"
    snapshots      = "DAILY"
    auth_secret    = "projects/p/secrets/s/versions/1"
    maintenance    = { day = "sunday", hour = 3 }
    network_id     = "default"
    region         = "europe"
    name           = "x"
    project_id     = "p"
    kms_key        = "k"
  }

  expect_failures = [
    var.tier, var.memory_size_gb, var.redis_version, var.snapshots, var.auth_secret, var.maintenance,
    var.network_id, var.region, var.name, var.project_id, var.kms_key,
  ]
}
