"""A real API server with an overlay applied, and the test's controllers where it has none."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.driver import Site
from tests.cluster.overlay import Overlay, open_crd, service_account
from tests.kubernetes.client import Client
from tests.kubernetes.conftest import real_api
from tests.kubernetes.controllers import Controllers
from tests.kubernetes.real import RealApi, install

__all__ = ["real_api"]


@dataclass
class Installation:
    """An overlay on a cluster.

    Attributes:
        overlay: its objects.
        api: the cluster.
        site: where its pipeline releases, with the rights of that pipeline alone.
    """

    overlay: Overlay
    api: RealApi
    site: Site

    @property
    def client(self) -> Client:
        """Plain requests by an administrator."""
        return self.api.client


@contextmanager
def installed(api: RealApi, mode: str, size: str, folder: Path) -> Iterator[Installation]:
    """Apply an overlay in a namespace of its own, for the ``with`` body."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl, which applies the overlays")
    overlay = Overlay(mode, size, folder, f"phasegate-test-{secrets.token_hex(3)}")
    missing = overlay.missing(api.client)
    if missing and not api.bare:
        kinds = ", ".join(sorted(one["kind"] for one in missing))
        pytest.skip(f"the cluster does not know {kinds}")
    install(api.client, [open_crd(one) for one in missing])
    with ExitStack() as stack:
        stack.callback(overlay.remove, api.client)
        overlay.apply(api.kubeconfig)
        path = folder / "pipeline"
        account = service_account(overlay, api.client, api.kubeconfig, "phasegate-pipeline", path)
        if api.bare:
            stack.enter_context(Controllers(api.client, overlay.namespace))
        site = Site(mode, str(account), overlay.namespace, overlay.model)
        yield Installation(overlay, api, site)
