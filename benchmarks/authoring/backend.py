"""A backend of the tests in a process of its own, until its standard input ends."""

from __future__ import annotations

import sys

from tests.kubeflow.fake import FakeKubeflow

if __name__ == "__main__":
    with FakeKubeflow.start() as backend:
        print(backend.url, flush=True)
        sys.stdin.read()
