"""A small Kubeflow Pipelines backend (REST API v2beta1) over real HTTP, for tests.

Requests and answers are held to the types of ``kfp_server_api``: an unknown field, a state that
does not exist or a query parameter that is not the method's is refused. It keeps the promises that
callers rely on: names of pipelines and versions are unique, those of runs and recurring runs are
not; lists come in pages whose tokens belong to one filter and order; recurring runs cannot be
updated; deleting one kills its runs in flight. ``tests/kubeflow/contract`` holds the same promises
on this fake and on a real backend.

    with FakeKubeflow.start() as api:
        kubeflow = connect(api.url)
        api.fail("POST", "/runs$", status=503, times=2)
        api.advance(run_id, "RUNNING", {"ingest": "SUCCEEDED", "train": "RUNNING"})
        run_id = api.trigger(recurring_run_id)       # as its schedule does when it is time
        assert [one.status for one in api.requests] == [200]
"""

from tests.kubeflow.fake.api import FakeKubeflow

__all__ = ["FakeKubeflow"]
