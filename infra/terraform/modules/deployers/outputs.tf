output "policy" {
  description = "ValidatingAdmissionPolicy that holds the account that plans to dry runs."
  value       = local.dry_runs

  depends_on = [kustomization_resource.policy_binding]
}
