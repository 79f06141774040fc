"""Tests on a real Kubernetes API: `make test-cluster`.

Where KUBECONFIG is set, they run on that cluster, in namespaces of their own. Else, with
KUBEBUILDER_ASSETS set to a folder that has etcd and kube-apiserver, they start both on loopback:
such an API has no nodes, and the statuses that controllers would set are set by the test's.
KSERVE_CRDS may name a folder of published CRDs; without it the small ones of the fake are
installed. ``tests/kubernetes/contract`` runs here too, on the fake and on the real API.
"""
