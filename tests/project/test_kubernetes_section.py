"""The `kubernetes` section: what is refused with its line, and how a component's own part wins."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.local.environments import ROOT
from phasegate.project.load import Project, load_project, schema
from phasegate.project.platform import ACTING, Key, Mount, Platform, Toleration

BASE = """\
version: 1
name: card-fraud
data:
  source: data/*.parquet
  label: {column: is_fraud}
features:
  numeric: [amount]
"""


def loaded(tmp_path: Path, section: str) -> Project:
    path = tmp_path / "project.yaml"
    path.write_text(BASE + "kubernetes:\n" + section)
    return load_project(path)


def refusal(tmp_path: Path, section: str) -> str:
    with pytest.raises(BadInput) as refused:
        loaded(tmp_path, section)
    return str(refused.value).removeprefix(str(tmp_path / "project.yaml"))


def test_each_component_of_the_suite_can_have_settings_of_its_own() -> None:
    folders = {path.parent.name for path in (ROOT / "components").glob("*/component.py")}
    known = schema()["properties"]["kubernetes"]["properties"]["components"]["properties"]
    assert set(known) == folders
    assert set(ACTING) <= folders


def test_components_have_what_all_have_that_can_be_said_for_all() -> None:
    general = set(schema()["properties"]["kubernetes"]["properties"])
    own = set(schema()["$defs"]["component_platform"]["properties"])
    assert general - own == {"service_account", "components"}
    assert own - general == {"inherit"}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("  service_acount: a\n", ", line 9: unknown key 'kubernetes.service_acount'"),
        ("  service_acount: a\n", "Did you mean 'service_account'?"),
        ("  components: {release-step: {}}\n", "Did you mean 'release_step'?"),
        ("  components:\n    train: {service_account: a}\n",
         ", line 10: unknown key 'kubernetes.components.train.service_account'"),
        ("  service_account: Loans_Pipeline\n",
         ", line 9: 'kubernetes.service_account' is \"Loans_Pipeline\"; expected a name of"),
        ("  image_pull_secrets: [ok, 'not ok']\n",
         ", line 9: 'kubernetes.image_pull_secrets.1' is \"not ok\"; expected a name"),
        ("  image_pull_policy: Sometimes\n", 'one of "Always", "IfNotPresent", "Never"'),
        ("  labels:\n    team: a\n    -bad: b\n",
         ", line 11: 'kubernetes.labels' has the key \"-bad\"; expected a key such as team"),
        ("  labels: {team: 'two words'}\n",
         ", line 9: 'kubernetes.labels.team' is \"two words\"; expected a text of at most 63"),
        ("  labels: {team: 7}\n", "'kubernetes.labels.team' is 7"),
        (f"  labels: {{team: {'a' * 64}}}\n", "expected a text of at most 63"),
        (f"  labels: {{{'a' * 64}: b}}\n", "has the key"),
        ("  labels: {Example.com/team: a}\n", "has the key"),
        ("  annotations: {a/b/c: a}\n", "has the key"),
        ("  labels:\n    pipelines.kubeflow.org/runid: a\n",
         ", line 10: 'kubernetes.labels.pipelines.kubeflow.org/runid' is a label by which"),
        ("  node_selector: {'': a}\n", "has the key"),
        ("  tolerations: [{operator: Equal}]\n", ", line 9: 'kubernetes.tolerations.0' has no key"),
        ("  tolerations: [{key: a, operator: Exists, value: b}]\n",
         "Exists tolerates every value. Leave it out."),
        ("  tolerations:\n  - {key: a}\n  - {key: a, toleration_seconds: 5}\n",
         ", line 11: 'kubernetes.tolerations.1.toleration_seconds' is set; expected effect:"),
        ("  secrets:\n  - {name: a}\n",
         ", line 10: 'kubernetes.secrets.0' is {\"name\": \"a\"}; expected a Secret's name with"),
        ("  secrets: [{name: a, env: {A: k}, mount: /a}]\n", "with either env, or mount"),
        ("  secrets: [{name: A, mount: /a}]\n", "'kubernetes.secrets.0.name' is \"A\""),
        ("  secrets:\n  - name: a\n    env: {A: ..k}\n",
         ", line 11: 'kubernetes.secrets.0.env.A' is \"..k\"; expected a key of at most 253"),
        ("  secrets:\n  - name: a\n    env:\n      A: k\n      1A: k\n",
         ", line 13: 'kubernetes.secrets.0.env' has the key \"1A\"; expected the name of an env"),
        ("  secrets: [{name: a, env: {}}]\n", "environment variables, and for each the key"),
        ("  secrets: [{name: a, env: {PHASEGATE_IMAGE: k}}]\n",
         "is a variable that every step already has"),
        ("  secrets: [{name: a, env: {A: k}}]\n  config_maps:\n  - {name: b, env: {A: k}}\n",
         ", line 11: 'kubernetes.config_maps.0.env.A' is a variable that is set twice"),
        ("  secrets: [{name: a.b, mount: /a}]\n", "a name without dots of at most 63 characters"),
        ("  secrets: [{name: a, mount: a}]\n", "expected an absolute path"),
        ("  secrets: [{name: a, mount: /a/../b}]\n", "expected an absolute path"),
        ("  secrets: [{name: a, mount: '/a:b'}]\n", "expected an absolute path"),
        ("  config_maps:\n  - {name: a, mount: /gcs}\n",
         ", line 10: 'kubernetes.config_maps.0.mount' is /gcs, which Kubeflow Pipelines uses"),
        ("  volumes:\n  - {claim: a, mount: /a}\n  - {empty_dir: b, mount: /a}\n",
         ", line 11: 'kubernetes.volumes.1.mount' is /a, where something else is mounted"),
        ("  volumes: [{mount: /a}]\n", "expected where to mount either a claim, or an empty_dir"),
        ("  volumes: [{claim: a, mount: /a, size_limit: 1Gi}]\n",
         "'kubernetes.volumes.0.size_limit' belongs to empty_dir, and this is claim"),
        ("  volumes: [{empty_dir: a, mount: /a, sub_path: b}]\n", "belongs to claim"),
        ("  volumes: [{claim: a, mount: /a, sub_path: ../b}]\n", "a path within the volume"),
        ("  volumes: [{empty_dir: a, mount: /a, size_limit: 1GiB}]\n", "such as 500Mi or 10Gi"),
        ("  volumes: [{empty_dir: kfp-launcher, mount: /a}]\n", "a volume that every step already"),
        ("  volumes: [{claim: a, mount: /a}]\n  secrets: [{name: a, mount: /b}]\n",
         "'kubernetes' mounts 'a' at /b and at /a"),
        ("  secrets: [{name: a, mount: /a}]\n  components:\n    train:\n"
         "      secrets: [{name: a, mount: /b}]\n",
         ", line 11: 'kubernetes.components.train' mounts 'a' at /a and at /b"),
        ("  security_context: {}\n", "'kubernetes.security_context' is {}"),
        ("  security_context: {run_as_user: -1}\n", "a number from 0 to 2147483647"),
        ("  security_context: {run_as_user: 0, run_as_non_root: true}\n", "and not to be root"),
        ("  resources: {cpu: 0.0000001}\n", "is 1e-07; expected a number from 0.001 to 10000"),
        ("  resources: {cpu: many}\n", "cores, requested and allowed"),
        ("  resources: {memory: 8GB}\n", "bytes, requested and allowed, such as 8Gi"),
        ("  resources: {accelerator: {type: nvidia.com/gpu, count: 0}}\n", "count' is 0"),
        ('  service_account: "a\\n"\n', "has a line break or another control character"),
    ],
)  # fmt: skip
def test_what_a_cluster_would_refuse_is_named_with_its_line(
    tmp_path: Path, section: str, said: str
) -> None:
    assert said in refusal(tmp_path, section)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("  annotations: {note: ghp_0123456789abcdefghijABCDEFGHIJ012345}\n", "annotations.note"),
        ("  annotations: {db-password: hunter2}\n", "annotations.db-password"),
        ("  annotations: {example.com/api-key: hunter2}\n", "annotations.example.com/api-key"),
        ("  annotations: {url: 'postgres://me:hunter2@db/x'}\n", "annotations.url"),
        ("  annotations: {note: 'Bearer sk-proj-abcdefghij0123456789'}\n", "annotations.note"),
        ("  labels: {note: wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY}\n", "labels.note"),
        ("  secrets: [{name: AKIAIOSFODNN7EXAMPLE, env: {A: k}}]\n", "secrets.0.name"),
        ("  secrets: [{name: a, env: {A: wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY}}]\n",
         "secrets.0.env.A"),
        ("  secrets: [{name: a, password: hunter2}]\n", "secrets.0.password"),
        ("  annotations:\n    note: |\n      -----BEGIN RSA PRIVATE KEY-----\n      MIIE\n",
         "annotations.note"),
    ],
)  # fmt: skip
def test_a_secret_itself_is_refused_and_not_repeated(
    tmp_path: Path, section: str, key: str
) -> None:
    message = refusal(tmp_path, section)
    assert f"'kubernetes.{key}' looks like a secret; expected names and keys" in message
    assert ", line " in message
    assert not any(
        part in message for part in ("hunter2", "ghp_", "sk-proj", "AKIA", "wJal", "MIIE")
    )


def test_a_token_is_refused_in_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "project.yaml"
    path.write_text(BASE.replace("data/*.parquet", "https://me:hunter2@host/x"))
    with pytest.raises(BadInput, match=r"line 4: 'data.source' looks like a secret") as refused:
        load_project(path)
    assert "hunter2" not in str(refused.value)


def test_names_keys_and_digests_are_no_secrets(tmp_path: Path) -> None:
    loaded(
        tmp_path,
        "  secrets: [{name: db-password, env: {DB_PASSWORD: password, API_KEY: api_key}}]\n"
        "  image_pull_secrets: [registry-credentials-of-the-data-science-team-2026]\n"
        f"  annotations: {{image: 'eu.gcr.io/loans/core@sha256:{'0a1b' * 16}',\n"
        "    sidecar.istio.io/inject: 'false', mail: data.science.team@example.com}\n"
        "  labels: {app.kubernetes.io/part-of: ChurnPrediction2026Pilot,\n"
        "    task: risk-models-and-data-of-the-whole-of-2026}\n"
        "  node_selector: {example.com/has-token: 'true'}\n",
    )


FULL = """\
  service_account: loans-pipeline
  image_pull_secrets: [registry]
  image_pull_policy: IfNotPresent
  node_selector: {pool: batch}
  tolerations: [{key: batch, operator: Exists, effect: NoExecute, toleration_seconds: 60}]
  secrets:
  - {name: tracking, env: {MLFLOW_TRACKING_PASSWORD: password}, optional: true}
  - {name: gcs, mount: /secrets/gcs}
  config_maps: [{name: tracking, env: {MLFLOW_TRACKING_URI: address}}]
  volumes: [{claim: data, mount: /data, sub_path: a/b}]
  labels: {team: risk, stage: trial}
  security_context: {run_as_user: 1000}
  resources: {memory: 4Gi}
  components:
    train:
      image_pull_policy: Always
      resources: {cpu: 8, accelerator: {type: nvidia.com/gpu}}
      tolerations: [{key: gpu}]
      secrets: [{name: training, env: {MLFLOW_TRACKING_PASSWORD: token}}]
      volumes: [{empty_dir: scratch, mount: /data, medium: Memory, size_limit: 1Gi}]
      labels: {team: training}
    notify: {inherit: false, labels: {a: b}}
"""


def test_a_component_adds_to_what_all_have_and_wins(tmp_path: Path) -> None:
    project = loaded(tmp_path, FULL)
    batch = Toleration("batch", "Exists", "", "NoExecute")
    assert project.platform("evaluate") == Platform(
        container={"image_pull_policy": "IfNotPresent", "run_as_user": 1000, "memory": "4Gi"},
        pull_secrets={"registry": None},
        node_selector={"pool": "batch"},
        tolerations={batch: 60},
        environment={
            "MLFLOW_TRACKING_PASSWORD": Key("secrets", "tracking", "password", True),
            "MLFLOW_TRACKING_URI": Key("config_maps", "tracking", "address", False),
        },
        mounts={
            "/secrets/gcs": Mount("secrets", "gcs"),
            "/data": Mount("claim", "data", sub_path="a/b"),
        },
        labels={"team": "risk", "stage": "trial"},
    )
    train = project.platform("train")
    assert train.container == {
        "image_pull_policy": "Always", "run_as_user": 1000, "memory": "4Gi", "cpu": "8",
        "accelerator": ("nvidia.com/gpu", 1),
    }  # fmt: skip
    assert train.tolerations == {batch: 60, Toleration("gpu", "Equal", "", ""): None}
    assert train.environment == {
        "MLFLOW_TRACKING_PASSWORD": Key("secrets", "training", "token", False),
        "MLFLOW_TRACKING_URI": Key("config_maps", "tracking", "address", False),
    }
    assert train.mounts == {
        "/secrets/gcs": Mount("secrets", "gcs"),
        "/data": Mount("empty_dir", "scratch", medium="Memory", size_limit="1Gi"),
    }
    assert train.labels == {"team": "training", "stage": "trial"}
    assert project.platform("notify") == Platform(labels={"a": "b"})


def test_pipelines_that_act_on_the_cluster_run_as_the_account_that_may(tmp_path: Path) -> None:
    bare = loaded(tmp_path, "  labels: {a: b}\n")
    assert bare.service_account(["ingest", "train"]) == ""
    assert bare.service_account(["observe", "undo-change"]) == "phasegate-pipeline"
    assert bare.service_account(["release_step"]) == "phasegate-pipeline"
    own = loaded(tmp_path, "  service_account: loans-pipeline\n")
    assert own.service_account(["train"]) == "loans-pipeline"
    assert own.service_account(["release_step"]) == "loans-pipeline"


def test_no_section_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "project.yaml"
    path.write_text(BASE)
    project = load_project(path)
    assert project.platform("train") == Platform()
    assert "kubernetes" not in project.parameters()


MAPPINGS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from("abcd"), st.integers(0, 3)
)
PLATFORMS = st.builds(Platform, **{one.name: MAPPINGS for one in fields(Platform)})


@given(PLATFORMS, PLATFORMS, PLATFORMS)
def test_settings_over_settings_keep_all_and_the_upper_wins(
    upper: Platform, middle: Platform, lower: Platform
) -> None:
    both = upper.over(lower)
    for one in fields(Platform):
        above, below, merged = (getattr(p, one.name) for p in (upper, lower, both))
        assert {key: merged[key] for key in above} == above
        assert {key: merged[key] for key in merged if key not in above} == {
            key: below[key] for key in below if key not in above
        }
    assert upper.over(Platform()) == upper == Platform().over(upper) == upper.over(upper)
    assert upper.over(middle.over(lower)) == upper.over(middle).over(lower)
