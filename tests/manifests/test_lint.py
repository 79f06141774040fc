"""The lint as a whole: any input, files together, lists, suppressions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.linting.finding import Finding
from phasegate.linting.reading import read
from phasegate.manifests.lint import lint, report
from phasegate.manifests.schema.definitions import bundled
from tests.manifests.planting import CLEAN

GATEWAY = (CLEAN / "gateway.yaml").read_text(encoding="utf-8")

# fmt: off
_KEYS = st.sampled_from(
    [
        "annotations", "autoScaling", "backendRefs", "canary", "containers", "env", "filters",
        "image", "labels", "logger", "matchLabels", "metadata", "metrics", "minAvailable",
        "minReplicas", "model", "name", "nodes", "podSelector", "predictor", "requestMirror",
        "requests", "resources", "rules", "securityContext", "selector", "spec", "steps",
        "storageUri", "storageUris", "subjects", "target", "template", "trafficPercent", "type",
        "weight", "workerSpec",
    ]
)
# fmt: on
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 300)
    | st.floats(allow_nan=False)
    | st.sampled_from(["x", "kserve-container", "RequestMirror", "Resource", "100%", "", "gs://a"])
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, min_size=1, max_size=5)
    ),
    max_leaves=40,
)
_KINDS = st.sampled_from(sorted(bundled().kinds))


def found_in(text: str) -> list[Finding]:
    return report([(read("x", text.encode()), True)]).findings


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(_KINDS, st.dictionaries(_KEYS, _TREES, max_size=4)), min_size=1, max_size=4)
)
def test_any_manifest_ends_in_findings(kinds: list[tuple[str, dict]]) -> None:
    manifests = []
    for kind, fields in kinds:
        version, _, name = kind.rpartition("/")
        manifests.append(json.dumps({"apiVersion": version, "kind": name, **fields}))

    for finding in found_in("\n---\n".join(manifests)):
        assert finding.line > 0
        assert finding.what


@settings(max_examples=300)
@given(st.data())
def test_a_clean_manifest_with_any_line_changed_ends_in_findings_or_one_message(data) -> None:
    lines = GATEWAY.split("\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = lines[number].split(":")[0] + data.draw(
        st.sampled_from(
            [":", ": []", ": {}", ": 1", ": -1", ": x", ": [x]", ": {x: y}", ": true", ""]
        )
    )
    try:
        found_in("\n".join(lines))
    except BadInput as error:
        assert "x:" in str(error)


def test_many_models_in_few_namespaces_do_not_meet() -> None:
    pair = "---\n".join(GATEWAY.split("---\n")[2:6])  # two services, a route and a budget
    text = "---\n".join(
        pair.replace("card-fraud", f"fraud-{n}").replace("namespace: fraud", f"namespace: n{n % 9}")
        for n in range(50)
    )

    result = report([(read("x", text.encode()), True)])

    assert result.objects == 200
    assert {one.code for one in result.findings} == {one.code for one in found_in(pair)}


def test_files_of_one_call_are_seen_together(tmp_path: Path) -> None:
    services, route = GATEWAY.split("---\napiVersion: gateway.networking.k8s.io/v1\n")
    (tmp_path / "route.yaml").write_text("apiVersion: gateway.networking.k8s.io/v1\n" + route)
    (tmp_path / "services.yaml").write_text(services.replace("card-fraud-b", "card-fraud-c"))

    apart = lint([tmp_path / "route.yaml"])
    together = lint([tmp_path])

    assert "PGM401" not in {finding.code for finding in apart}
    assert {(f.file, f.code) for f in together} >= {(str(tmp_path / "route.yaml"), "PGM401")}


def test_items_of_lists_are_checked_where_they_stand() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMapList\n  items:\n"
        "  - metadata: {name: a}\n    data:\n      n: 1\n"
    )

    (finding,) = found_in(text)

    assert (finding.code, finding.line, finding.subject) == ("PGM102", 9, "ConfigMap a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x: it is empty; expected at least one manifest."),
        ("---\n---\n", "x: it is empty; expected at least one manifest."),
        ("\n- 1", "x:2: it is no manifest, but a list; expected a Kubernetes object."),
        ("just text", "x:1: it is no manifest, but a string; expected a Kubernetes object."),
        ("a: 1", "x:1: it is no manifest: apiVersion and kind is missing or no string;"),
        ("kind: Pod\napiVersion: 1", "x:1: it is no manifest: apiVersion is missing or no string;"),
    ],
)
def test_what_is_no_manifest_is_said(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        found_in(text)

    assert str(caught.value).startswith(said)


def test_a_folder_may_hold_other_files(tmp_path: Path) -> None:
    (tmp_path / "pod.yml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
    (tmp_path / "values.yaml").write_text("replicas: 2\n")
    (tmp_path / "kustomization.yaml").write_text("resources: [pod.yml]\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "broken.yaml").write_text("[")

    assert lint([tmp_path]) == []


@pytest.mark.parametrize(
    "comment",
    [
        "    minReplicas: 0  # phasegate: ignore[PGM307] nights are quiet",
        "    # phasegate: ignore[PGM307, PGM206] nights are quiet\n\n    # so\n    minReplicas: 0",
        "    minReplicas: 0  # TODO # phasegate: ignore[pgm307] nights are quiet",
    ],
)
def test_a_comment_with_a_reason_suppresses(comment: str) -> None:
    text = GATEWAY.replace("    minReplicas: 2", comment, 1)
    text = text.replace("  minAvailable: 1", "  maxUnavailable: 1")

    left = {finding.code for finding in found_in(text)}

    assert left == ({"PGM003"} if "PGM206" in comment else set())


def test_a_comment_in_a_text_block_suppresses_nothing() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n"
        "    # phasegate: ignore[PGM999]\n    b\n"
    )

    assert found_in(text) == []


def test_an_annotation_suppresses_in_its_own_object_only() -> None:
    noted = GATEWAY.replace("    minReplicas: 2", "    minReplicas: 0").replace(
        "    serving.kserve.io/autoscalerClass: hpa",
        "    phasegate.dev/lint-ignore: |\n      PGM307: nights are quiet\n",
    )
    noted = noted.replace("  minAvailable: 1", "  maxUnavailable: 1")

    assert [finding.subject for finding in found_in(noted)] == ["InferenceService card-fraud-b"]
