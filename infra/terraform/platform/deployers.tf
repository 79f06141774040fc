# Rights of GitHub's accounts inside the cluster; none of it without them. The account that applies has its
# rights from Google's IAM (roles/container.admin).
module "deployers" {
  count  = length(local.cloud.github_accounts) > 0 ? 1 : 0
  source = "../modules/deployers"

  plan_account           = local.cloud.github_accounts["plan"]
  submit_account         = local.cloud.github_accounts["submit"]
  pipelines_namespace    = module.pipelines.namespace
  overlay_namespaces     = [module.pipelines.namespace, module.serving.namespace]
  certificate_namespaces = ["cert-manager", module.addons.gateway.namespace, module.tracking.namespace]
  release_namespaces     = module.addons.release_namespaces
}
