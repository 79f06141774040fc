"""Registered models: versions named by the digest of their bytes, and the aliases that point."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from phasegate.digests import digest_files
from phasegate.errors import BadInput, Unavailable
from phasegate.registry import server
from phasegate.registry.server import plain_errors
from phasegate.registry.tracking import resume_run, shorten, tracked_run

CHAMPION = "champion"
CHALLENGER = "challenger"
MODEL_FILES = ("model.json", "model.ubj")
_DIGEST_TAG = "model_digest"
_DESCRIPTION_LENGTH = 5000  # of MLflow's column
_REFERENCE = re.compile(r"(?:models:/)?(?P<name>[\w.-]+)(?:@(?P<alias>[\w.-]+)|/(?P<version>\d+))")


@dataclass(frozen=True)
class RegisteredVersion:
    """One version of a registered model.

    Attributes:
        name: the registered model's name.
        version: counts from 1.
        aliases: names that point to this version now, such as ``champion``.
        model_digest: hex sha256 that identifies the model's bytes.
        run_id: the training run that made it.
        source: where the server keeps its ``model/``, ``provenance/`` and ``profile/``.
        tags: digests of the verdicts that let it in, and of the data it was made from.
    """

    name: str
    version: int
    aliases: tuple[str, ...]
    model_digest: str
    run_id: str
    source: str
    tags: Mapping[str, str]

    @property
    def alias(self) -> str:
        """The alias that matters most: champion, challenger, any other, or none (empty)."""
        ranked = sorted(self.aliases, key=lambda name: (name != CHAMPION, name != CHALLENGER, name))
        return ranked[0] if ranked else ""

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


def connect() -> Registry:
    """The registry of the server at ``MLFLOW_TRACKING_URI``.

    Raises:
        BadInput: when the address is not set, or is not http(s).
        Unavailable: when the server does not answer.
    """
    return Registry(server.connect())


class Registry:
    """MLflow's model registry, entered by digest.

    Every method raises Unavailable when the server goes away, BadInput when it refuses us.
    """

    def __init__(self, client: MlflowClient) -> None:
        self._client = client

    def champion(self, name: str) -> RegisteredVersion | None:
        """The version that serves now, or None when there is none yet."""
        version = self.aliases(name).get(CHAMPION)
        return None if version is None else self._version(name, version)

    def resolve(self, reference: str) -> RegisteredVersion:
        """The version meant by ``name@alias`` or ``name/version``.

        Raises:
            BadInput: when there is none, with what there is instead.
        """
        parts = _REFERENCE.fullmatch(reference)
        if parts is None:
            raise BadInput(
                f"'{reference}' does not name a registered model",
                expected=f"NAME@ALIAS or NAME/VERSION, such as fraud@{CHAMPION} or fraud/3",
            )
        name, alias, version = parts["name"], parts["alias"], parts["version"]
        known = {found.version: found for found in self.versions(name)}
        if not known:
            raise BadInput(
                f"no model is registered as '{name}'",
                where=reference,
                expected=_one_of(self._names()),
            )
        number = int(version) if version else self.aliases(name).get(alias)
        if number not in known:
            raise BadInput(
                f"'{name}' has no {'version ' + version if version else 'alias ' + alias}",
                where=reference,
                expected=_one_of(
                    [f"{name}@{alias}" for alias in sorted(self.aliases(name))]
                    + [f"{name}/{number}" for number in sorted(known)]
                ),
            )
        return known[number]

    def versions(self, name: str) -> list[RegisteredVersion]:
        """All versions of a model in ascending order; empty when the name is unknown."""
        found: list[ModelVersion] = []
        token = None
        while True:
            with plain_errors():
                page = self._client.search_model_versions(f"name='{name}'", page_token=token)
            found.extend(page)
            token = page.token
            if not token:
                break
        # A search leaves versions' own alias fields empty.
        aliases = self.aliases(name)
        return sorted((_entry(version, aliases) for version in found), key=lambda e: e.version)

    def register(
        self,
        name: str,
        run_id: str,
        model_digest: str,
        *,
        source: str,
        tags: Mapping[str, str],
        description: str,
        renewed: Sequence[str] = (),
    ) -> RegisteredVersion:
        """Enter a model whose files have been uploaded; the same digest is entered once.

        The version appears in one request together with its digest tag, after its files and
        before its alias. A crash in between leaves either nothing, or a whole version that
        no alias points to; registering again finishes it.

        Args:
            source: folder of the uploaded files, as ``upload`` returned it.
            renewed: tags that say what is in it, and so are set also on a version that was
                entered before.
        """
        entered = [v for v in self.versions(name) if v.model_digest == model_digest]
        if entered:
            number = entered[0].version
            for tag in renewed:
                if entered[0].tags.get(tag) != tags[tag]:
                    with plain_errors():
                        self._client.set_model_version_tag(name, str(number), tag, tags[tag])
        else:
            self._create_model(name)
            with plain_errors():
                number = int(
                    self._client.create_model_version(
                        name,
                        source,
                        run_id,
                        tags={**tags, _DIGEST_TAG: model_digest},
                        description=shorten(description, _DESCRIPTION_LENGTH),
                        await_creation_for=0,
                    ).version
                )
        champion = self.aliases(name).get(CHAMPION)
        if champion != number:
            alias = CHAMPION if champion is None else CHALLENGER
            with plain_errors():
                self._client.set_registered_model_alias(name, alias, str(number))
        return self._version(name, number)

    def run_for(self, name: str, run_id: str) -> str:
        """The training run if this server knows it, else a new run in experiment ``name``.

        A model may come from a cached step that ran against another server.
        """
        try:
            return resume_run(run_id).run_id
        except Unavailable:
            raise
        except BadInput:
            with tracked_run(name, "registered without its training run") as run:
                run.tags({"training_run": run_id})
            return run.run_id

    def upload(self, run_id: str, model_digest: str, folders: Mapping[str, Path]) -> str:
        """Put folders among the run's artifacts, at a place named by the digest.

        Returns:
            The place, as ``register`` takes it.

        Raises:
            BadInput: when the server does not know the run.
        """
        run = resume_run(run_id)
        place = f"registered/{model_digest}"
        for name, folder in folders.items():
            run.artifacts(folder, f"{place}/{name}")
        with plain_errors():
            return f"{self._client.get_run(run_id).info.artifact_uri}/{place}"

    def download(self, version: RegisteredVersion, folder: Path) -> Path:
        """Fetch a version into ``folder``, as ``model/``, ``provenance/`` and ``profile/``.

        The folder gets the files only after the model's digest was found to be right.

        Returns:
            The folder.

        Raises:
            BadInput: when the bytes are not the ones that were registered.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".download-") as staging:
            with plain_errors():
                fetched = Path(download_artifacts(version.source, dst_path=staging))
            _check_digest(fetched / "model", version)
            for part in sorted(fetched.iterdir()):
                target = folder / part.name
                if target.exists():
                    shutil.rmtree(target)
                part.replace(target)
        return folder

    def _names(self) -> list[str]:
        with plain_errors():
            return sorted(model.name for model in self._client.search_registered_models())

    def _create_model(self, name: str) -> None:
        try:
            with plain_errors():
                self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def aliases(self, name: str) -> dict[str, int]:
        """Versions by the alias that points to them; empty when the name is unknown."""
        try:
            with plain_errors():
                model = self._client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return {}
            raise
        return {alias: int(version) for alias, version in model.aliases.items()}

    def _version(self, name: str, number: int) -> RegisteredVersion:
        with plain_errors():
            found = self._client.get_model_version(name, str(number))
        return _entry(found, self.aliases(name))


def _entry(found: ModelVersion, aliases: Mapping[str, int]) -> RegisteredVersion:
    number = int(found.version)
    return RegisteredVersion(
        name=found.name,
        version=number,
        aliases=tuple(sorted(alias for alias, target in aliases.items() if target == number)),
        model_digest=found.tags.get(_DIGEST_TAG, ""),
        run_id=found.run_id or "",
        source=found.source,
        tags=dict(found.tags),
    )


def _check_digest(model: Path, version: RegisteredVersion) -> None:
    absent = [name for name in MODEL_FILES if not (model / name).is_file()]
    if absent:
        raise BadInput(
            f"its files are missing from the server: {', '.join(absent)}", where=str(version)
        )
    digest = digest_files(model, MODEL_FILES)
    if digest != version.model_digest:
        raise BadInput(
            f"its bytes are not the ones that were registered (sha256 {digest})",
            where=str(version),
            expected=version.model_digest or "a version made by phasegate, with a digest tag",
            fix="train and register again; the server's files were changed or damaged",
        )


def _one_of(names: list[str]) -> str:
    return f"one of {', '.join(names)}" if names else "a model that was registered; none is yet"
