mock_provider "helm" {}
mock_provider "kubernetes" {}
mock_provider "kustomization" {}

variables {
  gateway = { hostnames = ["card-fraud.example.com"] }
}

run "standard_mode_without_routes_of_kserve" {
  command = plan

  assert {
    condition     = yamldecode(helm_release.kserve.values[0]).kserve.controller.deploymentMode == "Standard"
    error_message = "Slots are plain Deployments."
  }

  assert {
    condition     = yamldecode(helm_release.kserve.values[0]).kserve.controller.gateway.disableIngressCreation
    error_message = "Phasegate owns the route."
  }

  assert {
    condition     = yamldecode(helm_release.cert_manager.values[0]).global.leaderElection.namespace == "cert-manager"
    error_message = "Autopilot lets nobody write to kube-system."
  }

  assert {
    condition     = length(helm_release.trainer) == 0 && !contains(keys(kubernetes_namespace_v1.this), "kubeflow-system")
    error_message = "Trainer is there on request only."
  }
}

run "internal_and_https_only" {
  command = plan

  assert {
    condition     = jsondecode(kustomization_resource.proxy.manifest).spec.provider.kubernetes.envoyService.annotations == { "networking.gke.io/load-balancer-type" = "Internal" }
    error_message = "The Gateway is reached from the network alone."
  }

  assert {
    condition     = [for one in jsondecode(kustomization_resource.gateway.manifest).spec.listeners : one.protocol] == ["HTTPS"]
    error_message = "There is no listener without encryption."
  }
}

run "trainer_on_request" {
  command = plan

  variables {
    trainer = true
  }

  assert {
    condition     = helm_release.trainer[0].version == "2.3.0"
    error_message = "Trainer's version is pinned."
  }
}

run "the_internet_needs_an_issuer" {
  command = plan

  variables {
    gateway = { hostnames = ["card-fraud.example.com"], exposure = "external" }
  }

  expect_failures = [var.gateway]
}

run "another_kserve_is_refused" {
  command = plan

  variables {
    versions = { kserve = "v0.20.0" }
  }

  expect_failures = [var.versions]
}

run "a_range_is_no_version" {
  command = plan

  variables {
    versions = { cert_manager = "~1.21" }
  }

  expect_failures = [var.versions]
}

run "a_url_is_no_hostname" {
  command = plan

  variables {
    gateway = { hostnames = ["https://card-fraud.example.com"] }
  }

  expect_failures = [var.gateway]
}
