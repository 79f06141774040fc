mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
}

variables {
  project_id      = "fraud-dev-1234"
  billing_account = "012345-6789AB-CDEF01"
  amount          = 500
}

run "of_this_project_by_the_month" {
  command = plan

  assert {
    condition     = google_billing_budget.this.budget_filter[0].projects == toset(["projects/123456789012"]) && google_billing_budget.this.budget_filter[0].calendar_period == "MONTH"
    error_message = "Only this project's spending counts."
  }

  assert {
    condition     = google_billing_budget.this.amount[0].specified_amount[0].units == "500"
    error_message = "The amount is the budget."
  }

  assert {
    condition     = toset([for rule in google_billing_budget.this.threshold_rules : "${rule.spend_basis} ${rule.threshold_percent}"]) == toset(["CURRENT_SPEND 0.5", "CURRENT_SPEND 0.9", "CURRENT_SPEND 1", "FORECASTED_SPEND 1"])
    error_message = "Half, nine tenths and all of it, and the forecast of all of it."
  }

  assert {
    condition     = length(google_billing_budget.this.all_updates_rule) == 0
    error_message = "Without channels the account's administrators are told, as by default."
  }
}

run "channels_are_told_beside_the_administrators" {
  command = plan

  variables {
    notification_channels = ["projects/fraud-dev-1234/notificationChannels/1"]
    pubsub_topic          = "projects/fraud-dev-1234/topics/budget"
  }

  assert {
    condition     = google_billing_budget.this.all_updates_rule[0].pubsub_topic == "projects/fraud-dev-1234/topics/budget" && google_billing_budget.this.all_updates_rule[0].disable_default_iam_recipients == false
    error_message = "Both are told."
  }
}

run "bad_values_are_refused" {
  command = plan

  variables {
    project_id          = "p"
    name                = "p"
    billing_account     = "billingAccounts/012345-6789AB-CDEF01"
    amount              = 99.5
    currency            = "euro"
    thresholds          = []
    forecast_thresholds = [90]
    pubsub_topic        = "budget"
    notification_channels = [
      "projects/p/notificationChannels/1", "projects/p/notificationChannels/2", "projects/p/notificationChannels/3",
      "projects/p/notificationChannels/4", "projects/p/notificationChannels/5", "projects/p/notificationChannels/6",
    ]
  }

  expect_failures = [
    var.project_id, var.name, var.billing_account, var.amount, var.currency, var.thresholds,
    var.forecast_thresholds, var.pubsub_topic, var.notification_channels,
  ]
}
