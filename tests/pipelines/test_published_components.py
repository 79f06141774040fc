"""Components as files, in pipelines that are not ours."""

from pathlib import Path

import pytest
import yaml
from kfp import compiler, dsl
from kfp.components import load_component_from_file
from kfp.dsl.types.type_utils import InconsistentTypeException

from pipelines.compilation import ROOT, components

COMPONENTS = components()


def published(name: str):
    return load_component_from_file(str(ROOT / "components" / name / "component.yaml"))


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_published_component_has_the_contract_of_its_source(name):
    loaded, source = published(name).component_spec, COMPONENTS[name].component_spec
    assert loaded.inputs == source.inputs
    assert loaded.outputs == source.outputs
    assert loaded.implementation == source.implementation


def test_published_components_make_a_pipeline_of_somebody_else(tmp_path: Path):
    ingest, featurize = published("ingest"), published("featurize")

    @dsl.container_component
    def count(features: dsl.Input[dsl.Dataset]):
        return dsl.ContainerSpec(image="debian:12", command=["wc", "-l"], args=[features.path])

    @dsl.pipeline(name="theirs")
    def theirs(data: str, definitions: str, store: str):
        snapshot = ingest(data=data, store=store)
        features = featurize(snapshot=snapshot.outputs["snapshot"], data=data, features=definitions)
        features.set_caching_options(False).set_retry(2)

    path = tmp_path / "theirs.yaml"
    compiler.Compiler().compile(theirs, str(path))
    tasks = yaml.safe_load(path.read_text())["root"]["dag"]["tasks"]
    assert tasks["featurize"]["dependentTasks"] == ["ingest"]
    assert "enableCache" not in tasks["featurize"]["cachingOptions"]


def test_a_wrong_connection_does_not_compile():
    ingest, featurize = published("ingest"), published("featurize")
    record_block = published("record_block")

    with pytest.raises(InconsistentTypeException, match=r"system\.DataSnapshot"):

        @dsl.pipeline(name="wrong")
        def wrong(data: str, store: str):
            snapshot = ingest(data=data, store=store).outputs["snapshot"]
            featurize(data=data, features="", snapshot=snapshot)
            record_block(name="wrong", verdict=snapshot)
