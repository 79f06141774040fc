output "namespace" {
  description = "Namespace of the model."
  value       = var.namespace

  depends_on = [kustomization_resource.namespace]
}

output "target" {
  description = "What releases act on: `--target` of phasegate release, and parameter `target` of the release pipeline."
  value       = "kserve-gateway:${var.namespace}/${var.model}"

  depends_on = [kustomization_resource.slot]
}

output "manifests" {
  description = "Objects as they are applied, by their ids: what `phasegate manifests lint` can be given."
  value       = data.kustomization_overlay.this.manifests
}
