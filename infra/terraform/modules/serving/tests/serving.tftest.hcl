# The real provider renders, without a cluster: what a plan shows is what is checked.
provider "kustomization" {
  kubeconfig_raw = jsonencode({
    apiVersion      = "v1"
    kind            = "Config"
    current-context = "none"
    contexts        = [{ name = "none", context = { cluster = "none", user = "none" } }]
    clusters        = [{ name = "none", cluster = { server = "https://127.0.0.1:1" } }]
    users           = [{ name = "none", user = {} }]
  })
}

variables {
  model    = "card-fraud"
  hostname = "card-fraud.example.com"
  size     = "dev"
  store    = "gs://fraud-dev-1234-phasegate-artifacts/phasegate"
  log      = "gs://fraud-dev-1234-phasegate-log/phasegate"
  images = {
    core  = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/core@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    drift = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/drift@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
  service_accounts = {
    "phasegate/phasegate-predictor" = "phasegate-predictor@fraud-dev-1234.iam.gserviceaccount.com"
    "phasegate/phasegate-guard"     = "phasegate-guard@fraud-dev-1234.iam.gserviceaccount.com"
  }
  gateway = {
    namespace      = "gateway"
    name           = "inference"
    proxies_run_in = "envoy-gateway-system"
  }
  registry = {
    url       = "https://mlflow.mlflow.svc"
    namespace = "mlflow"
    port      = 5000
    secret    = "mlflow-client"
    key       = "ca.crt"
  }
}

run "slots_and_route_apart" {
  command = plan

  assert {
    condition = keys(kustomization_resource.slot) == [
      "gateway.networking.k8s.io/HTTPRoute/phasegate/card-fraud",
      "serving.kserve.io/InferenceService/phasegate/card-fraud-a",
      "serving.kserve.io/InferenceService/phasegate/card-fraud-b",
    ]
    error_message = "What a model is asked by cannot be destroyed."
  }

  assert {
    condition     = keys(kustomization_resource.namespace) == ["_/Namespace/_/phasegate"]
    error_message = "Nor can their namespace."
  }

  assert {
    condition     = length(kustomization_resource.this) == 23
    error_message = "All other objects can be replaced."
  }
}

run "nothing_that_a_release_writes" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for id, one in kustomization_resource.slot : [
        !can(jsondecode(one.manifest).spec.rules),
        !can(jsondecode(one.manifest).spec.predictor.model.storageUri),
        !can(jsondecode(one.manifest).metadata.annotations["phasegate.dev/model-digest"]),
      ]
    ]))
    error_message = "Applying again would take weights or models away."
  }
}

run "settings_reach_the_objects" {
  command = plan

  assert {
    condition     = jsondecode(kustomization_resource.this["_/ConfigMap/phasegate/phasegate"].manifest).data.registry == "https://mlflow.mlflow.svc"
    error_message = "The guard knows MLflow."
  }

  assert {
    condition     = jsondecode(kustomization_resource.this["serving.kserve.io/ClusterStorageContainer/_/phasegate.card-fraud"].manifest).spec.supportedUriFormats == [{ prefix = var.store }]
    error_message = "KServe fetches models of this store."
  }

  assert {
    condition = alltrue([
      for name in ["predictor", "guard"] :
      jsondecode(kustomization_resource.this["_/ServiceAccount/phasegate/phasegate-${name}"].manifest).metadata.annotations["iam.gke.io/gcp-service-account"] == var.service_accounts["phasegate/phasegate-${name}"]
    ])
    error_message = "Accounts are Google's by Workload Identity."
  }

  assert {
    condition     = [for one in jsondecode(kustomization_resource.this["serving.kserve.io/ServingRuntime/phasegate/phasegate-predictor"].manifest).spec.containers : one.image] == [var.images["core"], var.images["drift"]]
    error_message = "Images are pinned by digest."
  }

  assert {
    condition     = jsondecode(kustomization_resource.this["networking.k8s.io/NetworkPolicy/phasegate/phasegate-requests"].manifest).spec.ingress[0].from[0].namespaceSelector.matchLabels["kubernetes.io/metadata.name"] == "envoy-gateway-system"
    error_message = "Requests come from the Gateway's proxies, where they run."
  }

  assert {
    condition     = jsondecode(kustomization_resource.this["monitoring.googleapis.com/PodMonitoring/phasegate/phasegate"].manifest).kind == "PodMonitoring"
    error_message = "Metrics are read by Managed Prometheus."
  }
}

run "another_namespace_is_everywhere" {
  command = plan

  variables {
    namespace = "fraud"
    size      = "prod"
    service_accounts = {
      "fraud/phasegate-predictor" = "phasegate-predictor@fraud-dev-1234.iam.gserviceaccount.com"
      "fraud/phasegate-guard"     = "phasegate-guard@fraud-dev-1234.iam.gserviceaccount.com"
    }
  }

  assert {
    condition     = alltrue([for id in keys(data.kustomization_overlay.this.manifests) : contains(["fraud", "_"], split("/", id)[2])])
    error_message = "Nothing is left in the default namespace."
  }

  assert {
    condition     = jsondecode(kustomization_resource.slot["serving.kserve.io/InferenceService/fraud/card-fraud-a"].manifest).spec.predictor.minReplicas == 2
    error_message = "prod has two pods for each slot."
  }

  assert {
    condition     = jsondecode(kustomization_resource.this["_/ConfigMap/fraud/phasegate"].manifest).data.replicas == "10"
    error_message = "Sidecars know how many they are at most."
  }
}

run "an_unencrypted_registry_is_refused" {
  command = plan

  variables {
    registry = { url = "http://mlflow.mlflow.svc", namespace = "mlflow", port = 5000, secret = "mlflow-client", key = "ca.crt" }
  }

  expect_failures = [var.registry]
}

run "accounts_of_another_namespace_are_refused" {
  command = plan

  variables {
    namespace = "fraud"
  }

  expect_failures = [var.service_accounts]
}

run "a_path_is_no_store" {
  command = plan

  variables {
    store = "/data/store"
  }

  expect_failures = [var.store]
}
