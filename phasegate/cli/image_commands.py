"""Commands on container images: build, show, kustomize."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate import __version__
from phasegate.cli.app import app
from phasegate.cli.console import err, out, print_json
from phasegate.cli.pipeline_commands import JsonOption
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import ROOT

if TYPE_CHECKING:
    from phasegate.images.build import Built
    from phasegate.images.builders import Order

PLACEHOLDER = "phasegate"

images = typer.Typer(
    help="Build, push and pin the images of components and servers.", no_args_is_help=True
)
app.add_typer(images, name="images")

PinsOption = Annotated[
    Path, typer.Option("--pins", envvar="PHASEGATE_IMAGES", help="File of image digests.")
]
PINS = Path("images.json")


@images.command("build")
def build_command(
    environments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ENVIRONMENT]...", help="[default: core tfdv sidecar drift]"),
    ] = None,
    registry: Annotated[
        str, typer.Option(envvar="PHASEGATE_REGISTRY", help="Registry and path of the images.")
    ] = PLACEHOLDER,
    tag: Annotated[
        str, typer.Option(help="Tag; another each time where a registry lets none be moved.")
    ] = __version__,
    push: Annotated[
        bool, typer.Option("--push", help="Push, and write the digests to --pins.")
    ] = False,
    builder: Annotated[
        str, typer.Option(help="auto, buildx, docker (classic), buildah or podman.")
    ] = "auto",
    pins: PinsOption = PINS,
    base: Annotated[
        str, typer.Option(help="Image to build on, with Python 3.11. [the Dockerfile's]")
    ] = "",
    index_url: Annotated[
        str, typer.Option(help="Package index without credentials, in place of PyPI.")
    ] = "",
    secret: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID=FILE",
            help="index: NAME=VALUE lines for pip and uv, with credentials; "
            "certificates: PEM that the index is trusted by.",
        ),
    ] = None,
    build_arg: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Of the Dockerfile.")
    ] = None,
    network: Annotated[str, typer.Option(help="Network of the build's steps, such as host.")] = "",
    cache: Annotated[str, typer.Option(help="Image in a registry that keeps buildx's cache.")] = "",
    sbom: Annotated[
        bool, typer.Option(help="Attach an SBOM to what buildx pushes; runs a scanner's image.")
    ] = True,
    as_json: JsonOption = False,
) -> int:
    """Build images from their hashed locks, and keep the digests of those that are pushed.

    Exit code 0: all were built; 2: one could not be.
    """
    from phasegate.images.build import IMAGES, arguments, build_all, pin
    from phasegate.images.builders import Order
    from phasegate.images.choice import choose_builder
    from phasegate.images.context import observe_context
    from phasegate.images.pins import merge

    context = observe_context(ROOT)
    code = context.code_digest()
    extra = _pairs(build_arg, "--build-arg") | ({"INDEX_URL": index_url} if index_url else {})
    orders = []
    for name in environments or IMAGES:
        repository = f"{registry}/{name}"
        given = arguments(context, name, f"{repository}:{tag}", base)
        orders.append(
            Order(
                environment=name,
                repository=repository,
                tag=tag,
                context=ROOT,
                arguments=given | extra,
                secrets={key: _file(value) for key, value in _pairs(secret, "--secret").items()},
                push=push,
                network=network,
                cache=cache and f"{cache}:{name}",
                sbom=sbom,
            )
        )
    chosen = choose_builder(builder)
    err.print(f"builder: {chosen.name}; commit {context.commit}", markup=False)

    def ended(built: Built) -> None:
        _report(built)
        if push:  # one by one: what was pushed is pinned, even if the next one fails
            merge(pins, {built.order.environment: pin(context, built, code)})

    done = build_all(chosen, orders, started=_announce, ended=ended)
    if not push:
        err.print(f"not pushed: {pins} is as it was, because only a registry gives digests")
    if as_json:
        print_json([_row(built) for built in done])
    return ExitCode.PASSED


@images.command()
def show(pins: PinsOption = PINS, as_json: JsonOption = False) -> int:
    """Show the images that are pinned, and whether they are what would be built now.

    Exit code 0: all are; 1: one is not.
    """
    from phasegate.images.context import observe_context
    from phasegate.images.pins import Pins

    context = observe_context(ROOT)
    loaded = Pins.load(pins)
    rows = {}
    for name, pinned in loaded.pins.items():
        try:
            loaded.current(name, context)
            why = ""
        except BadInput as error:
            why = error.what
        rows[name] = asdict(pinned) | {"stale": why}
        if not as_json:
            size = f"{pinned.size / 1e6:,.0f} MB  " if pinned.size else ""
            out.print(f"{name:8} {size}{pinned.reference}", markup=False)
            out.print(f"{'':8} {why or 'current'}, commit {pinned.commit}", markup=False)
    if as_json:
        print_json(rows)
    return ExitCode.BLOCKED if any(row["stale"] for row in rows.values()) else ExitCode.PASSED


@images.command()
def kustomize(
    pins: PinsOption = PINS,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write, instead of printing.")
    ] = None,
) -> int:
    """Write a kustomize Component that pins the manifests' images by digest.

    An overlay takes it by `components: [FOLDER]`, where the file is FOLDER/kustomization.yaml.
    """
    from phasegate.images.context import observe_context
    from phasegate.images.pins import Pins, kustomization

    context = observe_context(ROOT)
    loaded = Pins.load(pins)
    text = kustomization({name: loaded.current(name, context) for name in loaded.pins}, PLACEHOLDER)
    if output is None:
        print(text, end="")
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
        err.print(f"wrote {output}", markup=False)
    return ExitCode.PASSED


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise BadInput(f"'{text}' has no value", where=option, expected="NAME=VALUE")
        pairs[name] = value
    return pairs


def _file(name: str) -> Path:
    path = Path(name).resolve()
    if not path.is_file():
        raise BadInput("there is no such file", where=f"--secret {name}")
    return path


def _announce(order: Order) -> None:
    err.print(f"[bold]{order.environment}[/]: building {order.reference} ...")


def _report(built: Built) -> None:
    size = f"{built.size / 1e6:,.0f} MB, " if built.size else ""
    where = f", {built.digest}" if built.digest else ""
    err.print(f"[bold]{built.order.environment}[/]: {size}{built.seconds:.0f} s{where}")


def _row(built: Built) -> dict[str, object]:
    return {
        "environment": built.order.environment,
        "image": built.order.reference,
        "digest": built.digest or None,
        "size": built.size,
        "seconds": round(built.seconds, 1),
    }
