mock_provider "google" {
  override_during = plan

  mock_resource "google_kms_crypto_key" {
    defaults = {
      id = "projects/fraud-dev-1234/locations/europe-west3/keyRings/phasegate/cryptoKeys/phasegate-storage"
    }
  }
}

variables {
  project_id = "fraud-dev-1234"
  region     = "europe-west3"
  keys       = { storage = ["serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com"] }
}

run "a_key_rotates_and_can_be_restored" {
  command = plan

  assert {
    condition     = google_kms_crypto_key.this["storage"].rotation_period == "7776000s"
    error_message = "A key gets a new version every 90 days."
  }

  assert {
    condition     = google_kms_crypto_key.this["storage"].destroy_scheduled_duration == "2592000s"
    error_message = "A destroyed version can be restored for 30 days."
  }

  assert {
    condition     = google_kms_key_ring.this.location == var.region
    error_message = "Keys are where what they encrypt is."
  }
}

run "its_service_agent_alone_uses_it" {
  command = plan

  assert {
    condition = [for grant in values(google_kms_crypto_key_iam_member.user) : "${grant.role} ${grant.member}"] == [
      "roles/cloudkms.cryptoKeyEncrypterDecrypter serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com"
    ]
    error_message = "Exactly the member that was named may encrypt and decrypt."
  }

  assert {
    condition     = endswith(output.ids["storage"], "cryptoKeys/phasegate-storage")
    error_message = "The key is known by what it encrypts."
  }
}

run "people_do_not_use_keys" {
  command = plan

  variables {
    keys = { storage = ["user:ada@example.com"] }
  }

  expect_failures = [var.keys]
}

run "a_key_has_a_name" {
  command = plan

  variables {
    keys = {}
  }

  expect_failures = [var.keys]
}

run "half_a_day_is_refused" {
  command = plan

  variables {
    rotation_period = "43200s"
  }

  expect_failures = [var.rotation_period]
}

run "days_are_no_seconds" {
  command = plan

  variables {
    rotation_period = "90d"
  }

  expect_failures = [var.rotation_period]
}
