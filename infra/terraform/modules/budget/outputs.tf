output "name" {
  description = "Name of the budget, billingAccounts/ACCOUNT/budgets/ID."
  value       = google_billing_budget.this.name
}
