"""A small Kubernetes API over real HTTP, for tests where no cluster is.

It keeps the promises that adapters rely on: resourceVersion conflicts, server-side apply with
owners of fields, generations, a status of its own, schemas, watches, preconditions and
finalizers, worded as the real one words them. ``tests/kubernetes/contract`` holds the same
promises on this fake and on a real API server.

    with FakeApi.start() as api:
        api.namespace("fraud")
        cluster = connect(api.kubeconfig(tmp_path / "kubeconfig"))
        with api.reconcile() as controllers:    # KServe, a gateway, and pods that become ready
            target.deploy(model)
            controllers.crash("card-fraud-b")
        api.fail("PATCH", "httproutes", status=429, retry_after=0.1, times=2)
        api.forbid("patch", "httproutes")
        api.webhook("InferenceService", lambda new, old: "no" if too_big(new) else None)
        api.edit("HTTPRoute", "fraud", "card-fraud", {"spec": {...}})      # someone's hand
        assert [call.verb for call in api.calls if call.manager == "phasegate"] == ["patch"]
"""

from tests.kubernetes.fake.api import FakeApi

__all__ = ["FakeApi"]
