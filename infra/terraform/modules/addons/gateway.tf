# One way in, over https. Envoy Gateway runs its proxies in its own namespace, envoy-gateway-system.
locals {
  gateway_certificate = "${var.gateway.name}-tls"

  proxy = {
    apiVersion = "gateway.envoyproxy.io/v1alpha1"
    kind       = "EnvoyProxy"
    metadata   = { name = var.gateway.name, namespace = var.gateway.namespace }
    spec = {
      provider = {
        type = "Kubernetes"
        kubernetes = {
          envoyDeployment = {
            replicas = var.replicas
            container = {
              resources = {
                requests = { cpu = "250m", memory = "512Mi" }
                limits   = { memory = "512Mi" }
              }
            }
          }
          envoyPDB = { maxUnavailable = 1 }
          envoyService = {
            type        = "LoadBalancer"
            annotations = var.gateway.exposure == "internal" ? { "networking.gke.io/load-balancer-type" = "Internal" } : {}
          }
        }
      }
    }
  }

  certificate = {
    apiVersion = "cert-manager.io/v1"
    kind       = "Certificate"
    metadata   = { name = local.gateway_certificate, namespace = var.gateway.namespace }
    spec = {
      secretName = local.gateway_certificate
      dnsNames   = var.gateway.hostnames
      privateKey = { algorithm = "ECDSA", size = 256, rotationPolicy = "Always" }
      issuerRef  = { kind = "ClusterIssuer", name = local.issuer }
    }
  }

  gateway = {
    apiVersion = "gateway.networking.k8s.io/v1"
    kind       = "Gateway"
    metadata   = { name = var.gateway.name, namespace = var.gateway.namespace }
    spec = {
      gatewayClassName = "envoy"
      infrastructure = {
        parametersRef = { group = "gateway.envoyproxy.io", kind = "EnvoyProxy", name = var.gateway.name }
      }
      listeners = [for index, hostname in var.gateway.hostnames : {
        name     = "https-${index}"
        port     = 443
        protocol = "HTTPS"
        hostname = hostname
        tls = {
          mode            = "Terminate"
          certificateRefs = [{ name = local.gateway_certificate }]
        }
        allowedRoutes = {
          namespaces = {
            from     = "Selector"
            selector = { matchLabels = { "app.kubernetes.io/part-of" = "phasegate" } }
          }
        }
      }]
    }
  }
}

resource "kustomization_resource" "gateway_class" {
  manifest = jsonencode({
    apiVersion = "gateway.networking.k8s.io/v1"
    kind       = "GatewayClass"
    metadata   = { name = "envoy" }
    spec       = { controllerName = "gateway.envoyproxy.io/gatewayclass-controller" }
  })

  depends_on = [helm_release.envoy_gateway]
}

resource "kustomization_resource" "proxy" {
  manifest = jsonencode(local.proxy)

  depends_on = [helm_release.envoy_gateway, kubernetes_namespace_v1.this]
}

resource "kustomization_resource" "gateway_certificate" {
  manifest = jsonencode(local.certificate)

  depends_on = [kustomization_resource.authority, kubernetes_namespace_v1.this]
}

resource "kustomization_resource" "gateway" {
  manifest = jsonencode(local.gateway)

  depends_on = [
    kustomization_resource.gateway_class,
    kustomization_resource.proxy,
    kustomization_resource.gateway_certificate,
  ]
}
