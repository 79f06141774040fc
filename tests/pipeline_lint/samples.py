"""Pipelines after the patterns of KFP's documentation, each task as carefully set as a team would.

What the documentation leaves out, and the lint asks for, comes in by `settled`: a pinned base
image, requests and limits, retries.
"""

import functools
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kfp import compiler, dsl, kubernetes
from kfp.dsl import Dataset, Input, Metrics, Model, Output

IMAGE = "python:3.11.9-slim"
component = functools.partial(dsl.component, base_image=IMAGE)


@dataclass(frozen=True)
class Sample:
    """A pipeline that is built when it is compiled: with much imported, that takes KFP seconds."""

    name: str
    function: Callable[..., Any]

    def built(self) -> Any:
        """As ``dsl.pipeline`` makes it of the function."""
        return dsl.pipeline(name=self.name)(self.function)


def pipeline(name: str) -> Callable[[Callable[..., Any]], Sample]:
    """Decorator: ``dsl.pipeline``, when it is needed."""
    return lambda function: Sample(name, function)


def settled(task: Any, *, cached: bool = True) -> Any:
    """A task with resources, retries and a decision on caching."""
    task.set_cpu_request("1").set_memory_request("1Gi").set_memory_limit("1Gi")
    task.set_retry(2, backoff_duration="10s", backoff_factor=2)
    return task.set_caching_options(cached)


@component
def flip_coin() -> str:
    """Heads or tails."""
    import random

    return random.choice(["heads", "tails"])


@component
def print_message(message: str, times: int = 2) -> str:
    """Print a message."""
    print(message * times)
    return message


@component
def list_files(folder: str) -> list:
    """Files of a folder."""
    return [folder]


@component
def count_messages(messages: list) -> int:
    """How many messages there are."""
    return len(messages)


@component
def report_end(status: dsl.PipelineTaskFinalStatus, recipient: str):
    """Say how a run ended."""
    print(status.state, recipient)


@component(packages_to_install=["pandas==2.3.1"])
def clean_data(raw: Input[Dataset], cleaned: Output[Dataset], share: float = 0.5):
    """Leave out incomplete rows."""
    import pandas

    pandas.read_csv(raw.path).dropna().sample(frac=share).to_csv(cleaned.path)


@component
def fit(data: Input[Dataset], model: Output[Model], metrics: Output[Metrics], depth: int = 6):
    """Fit a model."""
    metrics.log_metric("depth", depth)
    with open(data.path) as rows, open(model.path, "w") as file:
        file.write(rows.readline())


@dsl.container_component
def word_count(text: Input[Dataset], count: Output[Dataset], pattern: str = "."):
    """Count the words of a text, in any image that has a shell."""
    return dsl.ContainerSpec(
        image="alpine:3.20.3",
        command=["sh", "-c", 'mkdir -p "$(dirname "$2")" && grep -c "$1" "$0" > "$2"'],
        args=[text.path, pattern, count.path],
    )


@pipeline("conditions")
def conditions(limit: int = 3, verbose: bool = True):
    """If, Elif and Else on an output; If on parameters of the pipeline; OneOf of parameters."""
    coin = settled(flip_coin(), cached=False)
    with dsl.If(coin.output == "heads"):
        heads = settled(print_message(message="heads"))
    with dsl.Elif(coin.output == "tails"):
        tails = settled(print_message(message="tails"))
    with dsl.Else():
        edge = settled(print_message(message="edge"))
    settled(print_message(message=dsl.OneOf(heads.output, tails.output, edge.output)))
    with dsl.If(limit > 2):
        settled(print_message(message="many"))
    with dsl.If(verbose == True):  # noqa: E712  (a condition of KFP)
        settled(print_message(message="loud"))


@pipeline("loops")
def loops(folder: str, names: list[str] = ["a", "b"]):  # noqa: B006  (as KFP's documentation has it)
    """ParallelFor over items, a parameter and an output; Collected."""
    with dsl.ParallelFor([1, 2, 3]) as times:
        settled(print_message(message="fixed", times=times))
    with dsl.ParallelFor(names, parallelism=4) as name:
        settled(print_message(message=name))
    files = settled(list_files(folder=folder), cached=False)
    with dsl.ParallelFor(files.output, parallelism=8) as file:
        printed = settled(print_message(message=file))
    settled(count_messages(messages=dsl.Collected(printed.output)))


@pipeline("exit-handler")
def exit_handler(recipient: str = "team@example.org"):
    """An exit task that takes the final status."""
    end = settled(report_end(recipient=recipient), cached=False)
    with dsl.ExitHandler(end, name="body"):
        settled(print_message(message=settled(flip_coin(), cached=False).output))


@pipeline("importer")
def importer(uri: str = "gs://data/raw.csv", depth: int = 6):
    """Artifacts from outside: of one version, and of an address that is told."""
    fixed = dsl.importer(artifact_uri="gs://data/v3/raw.csv", artifact_class=Dataset)
    told = dsl.importer(artifact_uri=uri, artifact_class=Dataset, reimport=True)
    for number, one in enumerate((fixed, told), start=1):
        one.set_display_name(f"Import {number}")
        cleaned = settled(clean_data(raw=one.output))
        settled(fit(data=cleaned.output, depth=depth))


@dsl.pipeline(name="inner")
def inner(message: str = "hello") -> str:
    """A pipeline that others use as a component."""
    return settled(print_message(message=message)).output


@pipeline("nested")
def nested(times: int = 2) -> str:
    """A pipeline in a pipeline, whose output is that of the whole."""
    first = inner(message="one")
    settled(print_message(message=f"got {first.output}", times=times))
    return first.output


@pipeline("containers")
def containers():
    """A container component, with a secret from Kubernetes and a place to run."""
    text = dsl.importer(artifact_uri="gs://texts/v1.txt", artifact_class=Dataset)
    counted = settled(word_count(text=text.output))
    kubernetes.use_secret_as_env(counted, "store", {"password": "STORE_PASSWORD"})
    kubernetes.add_node_selector(counted, "pool", "batch")
    kubernetes.set_image_pull_policy(counted, "IfNotPresent")


@pipeline("lightweight")
def lightweight(uri: str = "gs://data/v3/raw.csv"):
    """Python functions that pass artifacts and parameters, in order."""
    raw = dsl.importer(artifact_uri=uri, artifact_class=Dataset)
    cleaned = settled(clean_data(raw=raw.output))
    fitted = settled(fit(data=cleaned.output))
    settled(print_message(message=dsl.PIPELINE_JOB_NAME_PLACEHOLDER)).after(fitted)


SAMPLES: dict[str, Sample] = {
    sample.name: sample
    for sample in (
        conditions, loops, exit_handler, importer, nested, containers, lightweight,
    )
}  # fmt: skip


def compiled(source: Any) -> str:
    """A sample, or a component, as KFP's compiler writes it."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "pipeline.yaml"
        built = source.built() if isinstance(source, Sample) else source
        compiler.Compiler().compile(built, str(path))
        return path.read_text(encoding="utf-8")
