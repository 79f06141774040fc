"""A project file is checked on load, with the key, the line and what is allowed."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from phasegate.errors import BadInput
from phasegate.project.load import SECTIONS, load_project, schema

BASE = """\
version: 1
name: card-fraud
data:
  source: data/*.parquet
  label: {column: is_fraud}
features:
  numeric: [amount]
"""


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "project.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        load_project(path)
    return str(refused.value).removeprefix(str(path))


def test_defaults_are_filled_in_at_all_depths(tmp_path: Path) -> None:
    path = tmp_path / "project.yaml"
    path.write_text(BASE)
    sections = load_project(path).sections
    assert sections["data"]["csv"] == {"delimiter": ",", "nulls": ["", "NA"]}
    assert sections["data"]["label"] == {"column": "is_fraud", "positive": 1, "delay": "0d"}
    assert sections["training"]["search"]["space"]["max_depth"] == {"int": [3, 10]}
    assert sections["evaluation"]["gates"][0]["metric"] == "roc_auc"


def test_relative_paths_start_at_the_project_file(tmp_path: Path) -> None:
    path = tmp_path / "project.yaml"
    path.write_text(BASE.replace("data/*.parquet", "[a.csv, 'gs://bucket/b.csv', /c.csv]"))
    sources = load_project(path).parameters()["data"]
    assert f'"source":["{tmp_path}/a.csv","gs://bucket/b.csv","/c.csv"]' in sources


def test_the_schema_is_itself_valid_and_describes_each_section() -> None:
    Draft202012Validator.check_schema(schema())
    for name in SECTIONS:
        assert schema()["properties"][name]["description"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BASE.replace("  source", "  sorce"), ", line 4: unknown key 'data.sorce'"),
        (BASE.replace("  source", "  sorce"), "Did you mean 'source'?"),
        (BASE + "training: {seed: -1}\n", ", line 8: 'training.seed' is -1; expected a number"),
        (BASE + "training:\n  calibration: x\n", "line 9: 'training.calibration' is \"x\""),
        (BASE + "training:\n  calibration: x\n", '"none", "sigmoid", "isotonic"'),
        (BASE + "split: {test: 2}\n", "'split.test' is 2; expected a number from 0 to 1"),
        (BASE.replace("is_fraud}", "is_fraud, delay: 3w}"), "a duration such as 30m, 12h or 7d"),
        (BASE.replace("name: card-fraud", "name: Card"), "line 2: 'name' is \"Card\""),
        (BASE.replace("version: 1", "version: 2"), "line 1: 'version' is 2; expected 1"),
        ("version: 1\n", "is missing"),
        (BASE + "name: again\n", "line 8: is not YAML: found duplicate key"),
        ("a: [1", "is not YAML"),
        ("", "is not a project"),
        ("- 1\n", "is not a project"),
        ("a: &b 1\nc: *b\n", "uses YAML anchors"),
        (BASE + "evaluation: {gates: [{metric: recall}]}\n", "with either min, or max"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BASE.replace("[amount]", "[]"), "'features' declares none"),
        (BASE.replace("[amount]", "[is_fraud]"), "the label 'is_fraud' is listed as a feature"),
        (BASE + "  categorical: [amount]\n", "'amount' is both numeric and categorical"),
        (BASE + "split: {order: time}\n", "'split.order: time' needs a time column"),
        (BASE + "split: {test: 0.8}\n", "leaves no rows for training"),
        (
            BASE + "evaluation: {bootstrap: {unit: entity}}\n",
            "'evaluation.bootstrap.unit' is entity",
        ),
        (
            BASE + "evaluation: {gates: [{metric: worst_slice_recall, min: 0.5, by: sex}]}\n",
            "the gate on worst_slice_recall is by 'sex'",
        ),
        (
            BASE.replace("is_fraud}", "is_fraud, delay: 7d}\n  time: t")
            + "  windows:\n"
            + "  - {entity: c, value: is_fraud, aggregates: [mean], over: [1d], delay: 1d}\n",
            "expected a delay of at least 7d",
        ),
    ],
)
def test_sections_must_agree(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_a_file_that_is_not_text_or_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no such project file.*Phasegate init"):
        load_project(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(BadInput, match="is not UTF-8 at byte 6"):
        load_project(tmp_path / "binary.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (2 << 20))
    with pytest.raises(BadInput, match="larger than a project file"):
        load_project(tmp_path / "large.yaml")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(section=st.sampled_from(SECTIONS), value=values)
def test_any_value_in_any_section_is_accepted_or_explained(
    tmp_path_factory: pytest.TempPathFactory, section: str, value: Any
) -> None:
    import json

    path = tmp_path_factory.mktemp("project") / "project.yaml"
    lines = [line for line in BASE.splitlines() if not line.startswith(f"{section}:")]
    path.write_text("\n".join(lines) + f"\n{section}: {json.dumps(value)}\n")
    try:
        load_project(path)
    except BadInput as refused:
        assert str(refused)
