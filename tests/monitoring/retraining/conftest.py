"""Stores of journals: a folder, and a bucket that holds generations."""

from __future__ import annotations

from tests.release.store.conftest import bucket, proxy, uri

__all__ = ["bucket", "proxy", "uri"]
