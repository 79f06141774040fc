# What the API makes of it, a test of this project shows on a real one.
mock_provider "kubernetes" {}
mock_provider "kustomization" {}

variables {
  plan_account           = "phasegate-gh-plan@fraud-dev-1234.iam.gserviceaccount.com"
  submit_account         = "phasegate-gh-submit@fraud-dev-1234.iam.gserviceaccount.com"
  pipelines_namespace    = "kubeflow"
  overlay_namespaces     = ["kubeflow", "phasegate"]
  certificate_namespaces = ["cert-manager", "gateway", "mlflow"]
  release_namespaces     = ["cert-manager", "kserve"]
}

run "all_that_is_no_dry_run_is_refused" {
  command = plan

  assert {
    condition     = local.policy.spec.failurePolicy == "Fail" && local.binding.spec.validationActions == ["Deny"]
    error_message = "What cannot be judged is let through."
  }

  assert {
    condition     = local.policy.spec.matchConstraints.resourceRules[0].resources == ["*/*"] && length(local.policy.spec.matchConstraints.resourceRules[0].operations) == 4
    error_message = "A kind, a subresource or an operation is left out."
  }

  assert {
    condition     = local.policy.spec.matchConditions[0].expression == "request.userInfo.username == \"phasegate-gh-plan@fraud-dev-1234.iam.gserviceaccount.com\""
    error_message = "Somebody else is held to dry runs, or who plans is not."
  }
}

run "who_plans_deletes_nothing_and_sees_no_other_secret" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for role in [kubernetes_cluster_role_v1.cluster, kubernetes_cluster_role_v1.overlay, kubernetes_cluster_role_v1.certificate, kubernetes_cluster_role_v1.release] : [
        for rule in role.rule : length(setintersection(rule.verbs, ["*", "delete", "deletecollection", "impersonate", "update"])) == 0
        && length(setintersection(rule.resources, ["*", "secrets", "pods"])) == 0 && !contains(rule.api_groups, "*")
      ]
    ]))
    error_message = "A role of who plans holds more than a plan asks for."
  }

  assert {
    condition     = kubernetes_role_v1.plan_secrets.rule[0].resource_names == toset(["mlpipeline-minio-artifact", "mysql-secret"])
    error_message = "Who plans sees other Secrets than those that are applied."
  }

  assert {
    condition = alltrue([
      for rule in kubernetes_cluster_role_v1.cluster.rule :
      join(",", rule.verbs) == "get" if contains(rule.api_groups, "admissionregistration.k8s.io") || contains(rule.api_groups, "rbac.authorization.k8s.io")
    ])
    error_message = "Who plans can reach what holds it to dry runs."
  }
}

run "who_plans_is_bound_where_it_is_needed" {
  command = plan

  assert {
    condition     = join(",", keys(kubernetes_role_binding_v1.plan)) == "certificate cert-manager,certificate gateway,certificate mlflow,overlay kubeflow,overlay phasegate,release cert-manager,release kserve"
    error_message = "Who plans has rights in another namespace, or lacks them in one."
  }

  assert {
    condition = alltrue([
      for one in concat(values(kubernetes_role_binding_v1.plan), [kubernetes_role_binding_v1.plan_secrets]) :
      one.subject[0].kind == "User" && one.subject[0].name == var.plan_account
    ])
    error_message = "Somebody else may plan."
  }
}

run "one_account_does_not_do_both" {
  command = plan

  variables {
    submit_account = "phasegate-gh-plan@fraud-dev-1234.iam.gserviceaccount.com"
  }

  expect_failures = [var.submit_account]
}

run "an_account_is_an_email" {
  command = plan

  variables {
    plan_account = "serviceAccount:phasegate-gh-plan@fraud-dev-1234.iam.gserviceaccount.com"
  }

  expect_failures = [var.plan_account]
}

run "a_rule_for_all_secrets_is_refused" {
  command = plan

  variables {
    pipelines_secrets = []
  }

  expect_failures = [var.pipelines_secrets]
}
