# Kubeflow Pipelines for one team ask nobody who he is: whoever reaches the API may run anything as its
# accounts. So nothing outside the namespace reaches it; people come by `kubectl port-forward`, which
# the cluster's API authorises.
resource "kubernetes_network_policy_v1" "own" {
  metadata {
    name      = "kubeflow-own"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
  }

  spec {
    policy_types = ["Ingress"]

    pod_selector {}

    ingress {
      from {
        pod_selector {}
      }
    }
  }
}
