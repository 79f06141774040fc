# A network lets nothing in that no rule allows, but says nothing about it. The same rule, written down,
# logs what it turned away. Whatever else may come in is let in by rules of GKE's own, which it makes and
# takes away with what they are for: nodes and pods among each other, probes and clients of a load
# balancer. There is no way in for SSH.
resource "google_compute_firewall" "deny_ingress" {
  project     = var.project_id
  name        = "${var.name}-deny-ingress"
  description = "Turns away, and logs, whatever no other rule lets in."
  network     = google_compute_network.this.id
  direction   = "INGRESS"
  priority    = 65534

  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

# The API server calls webhooks at the address and port of their pods. GKE's own rule lets it reach 443 and
# 10250 of a node and no other port, so that without this one `kubectl apply` of an InferenceService waits
# for 10 seconds and fails with "context deadline exceeded". New clusters, whose control plane is reached by
# Private Service Connect, call by way of the konnectivity agents, which are pods, and do not need it;
# which of the two a cluster is, is Google's choice.
resource "google_compute_firewall" "webhooks" {
  for_each = var.webhooks

  project     = var.project_id
  name        = "${var.name}-webhook-${each.key}"
  description = "Control plane to ${each.key}: ${each.value.reason}."
  network     = google_compute_network.this.id
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [var.control_plane_cidr]
  target_tags   = [local.node_tag]

  allow {
    protocol = "tcp"
    ports    = [for port in each.value.ports : tostring(port)]
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}
