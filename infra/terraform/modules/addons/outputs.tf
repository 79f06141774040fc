output "issuer" {
  description = "ClusterIssuer of certificates inside the cluster."
  value       = "phasegate"

  depends_on = [kustomization_resource.authority]
}

output "gateway" {
  description = "The Gateway that routes are attached to, and the namespace that its proxies run in."
  value = {
    namespace      = var.gateway.namespace
    name           = var.gateway.name
    proxies_run_in = "envoy-gateway-system"
    certificate    = local.gateway_certificate
  }

  depends_on = [kustomization_resource.gateway]
}

output "kserve_version" {
  description = "Version of KServe, once its controller runs and its kinds are known."
  value       = var.versions.kserve

  depends_on = [helm_release.kserve]
}

output "release_namespaces" {
  description = "Namespaces that helm keeps its releases in."
  value       = [for name in keys(local.namespaces) : kubernetes_namespace_v1.this[name].metadata[0].name if name != var.gateway.namespace]
}

output "trainer" {
  description = "Whether TrainJobs can be made."
  value       = var.trainer

  depends_on = [helm_release.trainer]
}
