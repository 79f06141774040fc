mock_provider "kubernetes" {}
mock_provider "kustomization" {}

variables {
  image = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/tracking@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  database = {
    connection_name = "fraud-dev-1234:europe-west3:phasegate-mlflow"
    name            = "mlflow"
    user            = "phasegate-mlflow@fraud-dev-1234.iam"
    private_ip      = "10.20.0.3"
  }
  artifacts              = "gs://fraud-dev-1234-phasegate-artifacts/mlflow"
  google_service_account = "phasegate-mlflow@fraud-dev-1234.iam.gserviceaccount.com"
  issuer                 = "phasegate"
  clients = {
    kubeflow  = {}
    phasegate = { "app.kubernetes.io/name" = "phasegate-guard" }
  }
}

run "no_password_anywhere" {
  command = plan

  assert {
    condition     = local.variables.MLFLOW_BACKEND_STORE_URI == "postgresql+psycopg2://phasegate-mlflow%40fraud-dev-1234.iam@127.0.0.1:5432/mlflow?sslmode=disable"
    error_message = "The database is reached by the proxy of the same pod, as the service account."
  }

  assert {
    condition     = alltrue([for option in ["--auto-iam-authn", "--private-ip", "--address=127.0.0.1"] : contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].init_container[0].args, option)])
    error_message = "The proxy logs in with the pod's identity, over the private address, and for this pod alone."
  }

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].init_container[0].restart_policy == "Always"
    error_message = "The proxy is a sidecar: there before the server, and after it."
  }

  assert {
    condition     = kubernetes_service_account_v1.this.metadata[0].annotations["iam.gke.io/gcp-service-account"] == var.google_service_account
    error_message = "The account is the Google service account by Workload Identity."
  }
}

run "restricted_and_not_public" {
  command = plan

  assert {
    condition     = kubernetes_namespace_v1.this.metadata[0].labels["pod-security.kubernetes.io/enforce"] == "restricted"
    error_message = "The namespace refuses pods that are not restricted."
  }

  assert {
    condition = alltrue([
      for one in concat(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].init_container, kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container) :
      one.security_context[0].read_only_root_filesystem && !one.security_context[0].allow_privilege_escalation && one.security_context[0].capabilities[0].drop == tolist(["ALL"])
    ])
    error_message = "Each container has a read-only root and no capabilities."
  }

  assert {
    condition     = kubernetes_service_v1.this.spec[0].type == "ClusterIP"
    error_message = "The server has no address outside the cluster."
  }

  assert {
    condition     = [for rule in kubernetes_network_policy_v1.this.spec[0].ingress : rule.from[0].namespace_selector[0].match_labels["kubernetes.io/metadata.name"]] == ["kubeflow", "phasegate"]
    error_message = "Its clients alone reach it."
  }
}

run "a_certificate_for_its_names" {
  command = plan

  assert {
    condition     = contains(jsondecode(kustomization_resource.certificate.manifest).spec.dnsNames, trimprefix(output.url, "https://"))
    error_message = "The name that clients ask for is in the certificate."
  }
}

run "a_tag_is_refused" {
  command = plan

  variables {
    image = "europe-west3-docker.pkg.dev/fraud-dev-1234/phasegate/tracking:0.1.0"
  }

  expect_failures = [var.image]
}

run "a_user_with_a_password_is_refused" {
  command = plan

  variables {
    database = { connection_name = "fraud-dev-1234:europe-west3:phasegate-mlflow", name = "mlflow", user = "mlflow:secret", private_ip = "10.20.0.3" }
  }

  expect_failures = [var.database]
}

run "somebody_must_ask" {
  command = plan

  variables {
    clients = {}
  }

  expect_failures = [var.clients]
}
