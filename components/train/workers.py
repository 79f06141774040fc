"""Where the workers of a training run."""

from __future__ import annotations

import os
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.store import local_folder
from phasegate.training.distributed.fit import Launcher
from phasegate.training.plan import Plan

# Kubeflow Pipelines sets it in its pods. A notebook's pod on the same cluster has none, and what
# `phasegate run` starts there stays there.
_POD = "KFP_POD_NAME"
_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def choose_launcher(plan: Plan, store: str) -> Launcher | None:
    """A TrainJob's pods where Kubeflow Pipelines runs this step; else None: processes here.

    Args:
        store: the snapshot's, which gives the workers their rows.

    Raises:
        BadInput: the store is a folder, which other pods do not see, or this pod has no token.
    """
    if plan.workers == 1 or _POD not in os.environ:
        return None
    if local_folder(store) is not None:
        raise BadInput(
            f"{plan.workers} workers on a cluster cannot share a folder",
            where=store,
            expected="a store that all pods reach, gs://bucket/prefix",
            fix="ingest into such a store, or leave training.workers out",
        )
    try:
        namespace = _NAMESPACE.read_text(encoding="utf-8").strip()
    except OSError:
        raise BadInput(
            "this pod has no ServiceAccount token",
            where=str(_NAMESPACE),
            fix="run the pipeline as a ServiceAccount that may make TrainJobs"
            " (kserve_manifests/optional/training)",
        ) from None
    from phasegate.kubernetes.cluster import connect
    from phasegate.training.distributed.train_job import TrainJobs

    return TrainJobs(
        connect(retry_seconds=120.0), namespace, store, image=os.environ.get("PHASEGATE_IMAGE", "")
    )
