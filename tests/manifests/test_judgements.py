"""What counts as fixed, as floating and as a secret: the cases that are easy to get wrong."""

from __future__ import annotations

import pytest

from phasegate.linting.reading import read
from phasegate.manifests.lint import report
from phasegate.manifests.rules.containers import is_floating
from phasegate.manifests.rules.models import is_fixed

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.mark.parametrize(
    ("uri", "fixed"),
    [
        (f"gs://bucket/models/{DIGEST}", True),
        ("s3://bucket/iris/v2", True),
        ("s3://bucket/iris/1.0/model", True),
        ("s3://bucket/iris/2026-11-29T10-00", True),
        ("s3://bucket/iris-v3/model.ubj", True),
        ("hf://org/model:0123456789abcdef", True),
        ("hf://org/model:main", False),
        ("hf://org/model", False),
        ("oci://registry:5000/iris:1.2", True),
        (f"oci://registry/iris@sha256:{DIGEST}", True),
        ("oci://registry:5000/iris", False),
        ("oci://registry/iris:latest", False),
        ("gs://v1/iris", False),
        ("pvc://claim/iris", False),
        ("s3://bucket/deadbeef/iris", False),
        ("/mnt/models/iris", False),
        ("https://host/iris/newest.tar.gz", False),
    ],
)
def test_an_address_is_fixed_where_it_has_a_digest_or_a_version(uri: str, fixed: bool) -> None:
    assert is_fixed(uri) == fixed


@pytest.mark.parametrize(
    ("image", "floating"),
    [
        ("core", True),
        ("core:latest", True),
        ("registry:5000/team/core", True),
        ("registry:5000/team/core:1.4.2", False),
        (f"core@sha256:{DIGEST}", False),
        (f"core:latest@sha256:{DIGEST}", False),
        ("core:$(VERSION)", False),
        ("core:{{.Version}}", False),
        ("core:nightly", True),
    ],
)
def test_an_image_floats_where_its_tag_can_move(image: str, floating: bool) -> None:
    assert is_floating(image) == floating


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("PASSWORD", "hunter2", True),
        ("DB_PASSWORD", "hunter2", True),
        ("API_KEY", "abc", True),
        ("AWS_SECRET_ACCESS_KEY", "abc", True),
        ("hf-token", "abc", True),
        ("PLAIN", "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH", True),
        ("URL", "https://user:pass@host/", True),
        ("URL", "https://user:$(PASSWORD)@host/", False),
        ("URL", "https://host:8080/a@b", False),
        ("TOKENIZER", "bert-base", False),
        ("MAX_TOKENS", "512", False),
        ("TOKEN_FILE", "/var/run/token", False),
        ("SECRET_NAME", "guard", False),
        ("PASSWORD", "$(FROM_SECRET)", False),
        ("PASSWORD", "", False),
        ("ALLOW_EMPTY_PASSWORD", "yes", False),
        ("PARTITION_KEY", "customer", False),
    ],
)
def test_a_variable_is_a_secret_by_its_name_or_its_value(
    name: str, value: str, secret: bool
) -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n"
        f"    image: a:1\n    env:\n    - name: {name}\n      value: '{value}'\n"
    )

    codes = {finding.code for finding in report([(read("x", text.encode()), True)]).findings}

    assert ("PGM608" in codes) == secret
