# The account that plans asks the cluster what it would make of each object, which takes the rights of
# whoever makes it: RBAC knows no dry runs. Admission does. Whatever this account asks for that is not a
# dry run, and not a read, is refused, by any way and for any kind; and where the answer to that is not
# known, it is refused as well.
locals {
  dry_runs = "phasegate-github-plan-dry-runs-only"

  policy = {
    apiVersion = "admissionregistration.k8s.io/v1"
    kind       = "ValidatingAdmissionPolicy"
    metadata   = { name = local.dry_runs, labels = local.labels }
    spec = {
      failurePolicy = "Fail"
      matchConstraints = {
        resourceRules = [{
          apiGroups   = ["*"]
          apiVersions = ["*"]
          operations  = ["CREATE", "UPDATE", "DELETE", "CONNECT"]
          resources   = ["*/*"] # subresources too
        }]
      }
      matchConditions = [{
        name       = "who-plans"
        expression = "request.userInfo.username == ${jsonencode(var.plan_account)}"
      }]
      validations = [{
        expression = "has(request.dryRun) && request.dryRun"
        message    = "The account that plans changes nothing: dry runs only."
        reason     = "Forbidden"
      }]
    }
  }

  binding = {
    apiVersion = "admissionregistration.k8s.io/v1"
    kind       = "ValidatingAdmissionPolicyBinding"
    metadata   = { name = local.dry_runs, labels = local.labels }
    spec       = { policyName = local.dry_runs, validationActions = ["Deny"] }
  }
}

resource "kustomization_resource" "policy" {
  manifest = jsonencode(local.policy)
}

resource "kustomization_resource" "policy_binding" {
  manifest = jsonencode(local.binding)

  depends_on = [kustomization_resource.policy]
}
