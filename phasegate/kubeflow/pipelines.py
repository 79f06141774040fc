"""Pipelines and their versions, as a backend keeps them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from phasegate.kubeflow.answers import Missing
from phasegate.kubeflow.connection import PAGE, Connection, or_none
from phasegate.kubeflow.filters import predicates
from phasegate.kubeflow.objects import Pipeline, Version
from phasegate.kubeflow.reading import pipeline_of, version_of


class Pipelines:
    """Pipelines. Methods raise `BadInput` for what the backend refuses and `Unavailable` where it
    does not answer.

    Args:
        connection: to the backend.
        namespace: tells whose they are.
    """

    def __init__(self, connection: Connection, namespace: Callable[[], str]) -> None:
        self._connection, self._namespace = connection, namespace
        self._service = connection.service("PipelineServiceApi")

    def create(self, name: str, description: str = "") -> Pipeline:
        """Make a pipeline without versions.

        Raises:
            Exists: there is one of that name.
        """
        body = self._connection.model(
            "V2beta1Pipeline",
            display_name=name,
            description=description,
            namespace=self._namespace() or None,
        )
        method = self._service.pipeline_service_create_pipeline
        return pipeline_of(self._connection.call(method, body, where=f"pipeline {name}"))

    def get(self, pipeline_id: str) -> Pipeline | None:
        """A pipeline; None where there is none."""
        method = self._service.pipeline_service_get_pipeline
        where = f"pipeline {pipeline_id}"
        found = or_none(lambda: self._connection.call(method, pipeline_id, where=where))
        return pipeline_of(found) if found else None

    def named(self, name: str) -> Pipeline | None:
        """The pipeline of a name; None where there is none."""
        return next((one for one in self.list(name=name) if one.name == name), None)

    def list(self, *, sort_by: str = "created_at", **wanted: object) -> Iterator[Pipeline]:
        """All pipelines, page by page.

        Args:
            wanted: as `phasegate.kubeflow.filters.predicates` has it; fields are ``name``,
                ``description`` and more.
        """
        rows = self._connection.pages(
            self._service.pipeline_service_list_pipelines,
            items="pipelines", where="pipelines", namespace=self._namespace(),
            sort_by=sort_by, filter=predicates(wanted),
        )  # fmt: skip
        return map(pipeline_of, rows)

    def delete(self, pipeline_id: str) -> None:
        """Remove a pipeline that has no versions; one that is not there is none."""
        method = self._service.pipeline_service_delete_pipeline
        where = f"pipeline {pipeline_id}"
        or_none(lambda: self._connection.call(method, pipeline_id, where=where))


class Versions:
    """Versions of pipelines; errors as those of `Pipelines`.

    Args:
        connection: to the backend.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._service = connection.service("PipelineServiceApi")
        self._upload = connection.service("PipelineUploadServiceApi")

    def create(self, pipeline_id: str, name: str, compiled: bytes, *, digest: str = "") -> Version:
        """Upload a compiled pipeline as a version.

        Args:
            compiled: the YAML.
            digest: hex sha256 of it, which the description will say.

        Raises:
            Exists: the pipeline has a version of that name.
        """
        where = f"version {name}"
        with tempfile.TemporaryDirectory(prefix="phasegate-") as folder:
            path = Path(folder) / "pipeline.yaml"  # the generated method takes nothing else
            path.write_bytes(compiled)
            answer = self._connection.call(
                self._upload.upload_pipeline_version,
                str(path),
                name=name,
                pipelineid=pipeline_id,
                description=f"sha256:{digest}" if digest else "",
                where=where,
            )
        return version_of(answer)

    def get(self, pipeline_id: str, version_id: str) -> Version | None:
        """A version; None where there is none."""
        method = self._service.pipeline_service_get_pipeline_version
        where = f"version {version_id}"
        found = or_none(lambda: self._connection.call(method, pipeline_id, version_id, where=where))
        return version_of(found) if found else None

    def named(self, pipeline_id: str, name: str) -> Version | None:
        """The version of a name; None where there is none."""
        found = self.list(pipeline_id, name=name)
        return next((one for one in found if one.name == name), None)

    def latest(self, pipeline_id: str) -> Version | None:
        """The newest version; None where there is none."""
        return next(self.list(pipeline_id, sort_by="created_at desc", size=1), None)

    def list(
        self, pipeline_id: str, *, sort_by: str = "created_at", size: int = PAGE, **wanted: object
    ) -> Iterator[Version]:
        """All versions of a pipeline, page by page; none where there is no such pipeline.

        Args:
            size: of a page; each version comes with all that was uploaded.
        """
        rows = self._connection.pages(
            self._service.pipeline_service_list_pipeline_versions,
            pipeline_id,
            items="pipeline_versions",
            where=f"versions of {pipeline_id}",
            size=size,
            sort_by=sort_by,
            filter=predicates(wanted),
        )
        try:
            yield from map(version_of, rows)
        except Missing:
            return

    def delete(self, pipeline_id: str, version_id: str) -> None:
        """Remove a version; one that is not there is none."""
        method = self._service.pipeline_service_delete_pipeline_version
        where = f"version {version_id}"
        or_none(lambda: self._connection.call(method, pipeline_id, version_id, where=where))
