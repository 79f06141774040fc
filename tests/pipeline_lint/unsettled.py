"""Pipelines as KFP's documentation has them, with what is to be found in each."""

# KFP reads annotations when it compiles, and so they are not postponed here.

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from tests.pipeline_lint.samples import pipeline

PYTHON, RETRY, RESOURCES = "PGP602", "PGP409", "PGP605"
ALWAYS = {PYTHON, RETRY, RESOURCES}


@dsl.component(base_image="python:3.11")
def flip_coin() -> str:
    """Heads or tails."""
    return "heads"


@dsl.component(base_image="python:3.11")
def print_op(message: str, config: dict = {"n": 3}):  # noqa: B006  (as it is documented)
    """Print a message."""
    print(message, config)


@dsl.component(base_image="python:3.11", packages_to_install=["pandas"])
def make(rows: Output[Dataset]):
    """Make rows."""


@dsl.component(base_image="python:3.11")
def take(anything: Input[Artifact]):
    """Take anything."""


@dsl.container_component
def say(name: str, model: Input[Model]):
    """Say hello."""
    return dsl.ContainerSpec(image="alpine", args=[name, model.metadata["framework"]])


@dsl.component(base_image="python:3.11")
def send_email(to: str):
    """Tell somebody."""


@dsl.component(base_image="python:3.11")
def fit(rows: Input[Dataset], model: Output[Model]):
    """Fit a model."""


@dsl.component(base_image="python:3.11")
def show(model: Input[Model]):
    """Show a model."""


@pipeline("condition")
def condition():
    """A bare If, and a text with a quote in it."""
    coin = flip_coin()
    with dsl.If(coin.output == "heads"):
        print_op(message="heads")
    other = flip_coin()
    with dsl.If(other.output == "it's"):
        print_op(message="quoted")
    with dsl.Else():
        print_op(message="plain")


@pipeline("loop")
def loop(names: list[str]):
    """A loop over as many items as there are."""
    with dsl.ParallelFor(names) as name:
        print_op(message=name)


@pipeline("exit")
def exit_handler():
    """An exit task that does not know how it went, and is cached."""
    with dsl.ExitHandler(send_email(to="team")):
        take(anything=make().outputs["rows"])


@pipeline("one-of")
def one_of():
    """An artifact of either branch, that comes from an address that moves."""
    rows = dsl.importer(artifact_uri="gs://data/latest/rows.csv", artifact_class=Dataset).output
    coin = flip_coin()
    with dsl.If(coin.output == "heads"):
        left = fit(rows=rows)
    with dsl.Else():
        right = fit(rows=rows)
    show(model=dsl.OneOf(left.outputs["model"], right.outputs["model"]))


@pipeline("container")
def container(share: float = 0.5):
    """An image without tag and command, a number that is no whole one, and an effect."""
    rows = make()
    model = fit(rows=rows.outputs["rows"])
    say(name="you", model=model.outputs["model"])
    with dsl.If(share == 1):
        send_email(to="team")


UNSETTLED = {
    "condition": (condition, ALWAYS | {"PGP304", "PGP401", "PGP402"}),
    "loop": (loop, ALWAYS | {"PGP304", "PGP408"}),
    "exit": (exit_handler, ALWAYS | {"PGP305", "PGP407", "PGP502", "PGP604"}),
    "one of": (one_of, ALWAYS | {"PGP406", "PGP503"}),
    "container": (
        container, ALWAYS | {"PGP405", "PGP501", "PGP601", "PGP603", "PGP604", "PGP701"},
    ),
}  # fmt: skip
