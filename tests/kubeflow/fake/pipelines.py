"""Pipelines and their versions."""

from __future__ import annotations

from typing import Any

import yaml

from tests.kubeflow.fake.listing import Listable, page
from tests.kubeflow.fake.refusals import Refused, exists, invalid
from tests.kubeflow.fake.requests import Call
from tests.kubeflow.fake.store import Object, Store

_FIELDS = {
    "name": "name",
    "display_name": "display_name",
    "description": "description",
    "created_at": "created_at",
}
_PIPELINES = Listable("pipeline_id", {**_FIELDS, "id": "pipeline_id"})
_VERSIONS = Listable("pipeline_version_id", {**_FIELDS, "id": "pipeline_version_id"})


class Pipelines:
    """Answers about pipelines and versions, by the names that ``kfp_server_api`` gives them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pipeline_service_create_pipeline(self, call: Call) -> Object:
        return self._create(call.body)

    def upload_pipeline(self, call: Call) -> Object:
        spec = _spec(call)
        query = call.query
        name = query.get("name") or query.get("display_name") or call.file_name
        about = {"name": name, "display_name": query.get("display_name") or name}
        about |= {key: query[key] for key in ("description", "namespace") if key in query}
        try:
            pipeline = self._create(about)
        except Refused as error:
            raise Refused(
                error.status, "Failed to create a pipeline and a pipeline version", upload=True
            ) from None
        self._version(pipeline["pipeline_id"], about, spec)
        return pipeline

    def upload_pipeline_version(self, call: Call) -> Object:
        spec = _spec(call)
        query = call.query
        pipeline_id = query.get("pipelineid", "")
        if pipeline_id not in self._store.kinds["Pipeline"]:
            raise Refused(400, "Failed to create a pipeline version", upload=True)
        name = query.get("name") or query.get("display_name") or call.file_name
        about = {
            "name": name,
            "display_name": query.get("display_name") or name,
            "description": query.get("description", ""),
        }
        try:
            return self._version(pipeline_id, about, spec)
        except Refused as error:
            raise Refused(
                error.status, "Failed to create a pipeline version", upload=True
            ) from None

    def pipeline_service_get_pipeline(self, call: Call) -> Object:
        return self._store.get("Pipeline", call.path["pipeline_id"])

    def pipeline_service_get_pipeline_by_name(self, call: Call) -> Object:
        name, namespace = call.path["name"], call.query.get("namespace", "")
        for one in self._store.in_namespace("Pipeline", namespace):
            if one["name"] == name:
                return one
        return self._store.get("Pipeline", name)

    def pipeline_service_list_pipelines(self, call: Call) -> Object:
        found = self._store.in_namespace("Pipeline", call.query.get("namespace", ""))
        listed = page(_PIPELINES, found, call.query)
        return {"pipelines": listed.pop("items"), **listed}

    def pipeline_service_delete_pipeline(self, call: Call) -> Object:
        pipeline_id = call.path["pipeline_id"]
        self._store.get("Pipeline", pipeline_id)
        versions = self._of(pipeline_id)
        if versions and call.query.get("cascade", "").lower() != "true":
            raise Refused(
                400, f"Failed precondition: pipeline {pipeline_id} has {len(versions)} version(s)"
            )
        for one in versions:
            del self._store.kinds["PipelineVersion"][one["pipeline_version_id"]]
        del self._store.kinds["Pipeline"][pipeline_id]
        return {}

    def pipeline_service_get_pipeline_version(self, call: Call) -> Object:
        self._store.get("Pipeline", call.path["pipeline_id"])
        return self._whole(self._store.get("PipelineVersion", call.path["pipeline_version_id"]))

    def pipeline_service_list_pipeline_versions(self, call: Call) -> Object:
        self._store.get("Pipeline", call.path["pipeline_id"])
        listed = page(_VERSIONS, self._of(call.path["pipeline_id"]), call.query)
        items = [self._whole(one) for one in listed.pop("items")]
        return {"pipeline_versions": items, **listed}

    def pipeline_service_delete_pipeline_version(self, call: Call) -> Object:
        name = call.path["pipeline_version_id"]
        self._store.get("PipelineVersion", name)
        del self._store.kinds["PipelineVersion"][name]
        return {}

    def latest(self, pipeline_id: str) -> Object:
        """The newest version of a pipeline.

        Raises:
            Refused: 404, it has none.
        """
        versions = self._of(pipeline_id)
        return versions[-1] if versions else self._store.get("PipelineVersion", "latest")

    def _of(self, pipeline_id: str) -> list[Object]:
        return [
            one for one in self._store.all("PipelineVersion") if one["pipeline_id"] == pipeline_id
        ]

    def _whole(self, version: Object) -> Object:
        return {**version, "pipeline_spec": self._store.specs[version["pipeline_version_id"]]}

    def _create(self, body: Object) -> Object:
        name = body.get("name") or body.get("display_name") or ""
        namespace = body.get("namespace", "") if self._store.multi_user else ""
        if not name:
            raise invalid("pipeline's name cannot be empty")
        if len(name) > 128:
            raise invalid("Pipeline.Name length cannot exceed 128")
        if any(one["name"] == name for one in self._store.in_namespace("Pipeline", namespace)):
            raise exists("pipeline", name)
        made = {
            "pipeline_id": self._store.id(),
            "name": name,
            "display_name": body.get("display_name") or name,
            "description": body.get("description", ""),
            "created_at": self._store.now(),
            "namespace": namespace,
        }
        self._store.kinds["Pipeline"][made["pipeline_id"]] = made
        return made

    def _version(self, pipeline_id: str, about: Object, spec: Object) -> Object:
        if len(about["name"]) > 127:
            raise invalid("PipelineVersion.Name length cannot exceed 127")
        if any(one["name"] == about["name"] for one in self._of(pipeline_id)):
            raise exists("pipeline version", about["name"])
        made = {
            "pipeline_id": pipeline_id,
            "pipeline_version_id": self._store.id(),
            "name": about["name"],
            "display_name": about["display_name"],
            "description": about.get("description", ""),
            "created_at": self._store.now(),
        }
        self._store.kinds["PipelineVersion"][made["pipeline_version_id"]] = made
        self._store.specs[made["pipeline_version_id"]] = spec
        return self._whole(made)


def _spec(call: Call) -> Object:
    """The uploaded file: one document, or two of which the second is the platform's."""
    try:
        documents: list[Any] = list(yaml.load_all(call.file, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        documents = []
    if not documents or not all(isinstance(one, dict) for one in documents):
        raise Refused(400, "Invalid input error: unknown pipeline spec", upload=True)
    if "pipelineInfo" not in documents[0] or "root" not in documents[0]:
        raise Refused(400, "Invalid input error: unknown template format", upload=True)
    if len(documents) == 1:
        return documents[0]
    return {"pipeline_spec": documents[0], "platform_spec": documents[1]}
