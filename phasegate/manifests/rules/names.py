"""Names and modes of InferenceServices."""

from __future__ import annotations

import re

from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.rules.registry import ERROR, WARNING, Problems, rule
from phasegate.manifests.services import MODE, inference_services

_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")
_LABEL = 63  # longest label of a DNS name, and name of a Service
_MODES = ("Standard", "Knative", "ModelMesh")
_OLD_MODES = {"RawDeployment": "Standard", "Serverless": "Knative"}


@rule(
    "PGM201",
    "service-name",
    ERROR,
    why="KServe's webhook refuses the name.",
    fix="A letter first; then lower-case letters, digits and hyphens, the last no hyphen.",
)
def service_name(stream: Stream) -> Problems:
    """The name of an InferenceService does not match [a-z]([-a-z0-9]*[a-z0-9])?."""
    for service in inference_services(stream):
        if service.name and not _NAME.match(service.name):
            yield Problem(
                service.object,
                service.object.name_node,
                f"{service.name[:80]!r} does not match [a-z]([-a-z0-9]*[a-z0-9])?",
            )


@rule(
    "PGM202",
    "service-name-length",
    ERROR,
    why="KServe accepts it, and then cannot make its Service or host name: it never becomes ready.",
    fix="Shorten the name.",
)
def service_name_length(stream: Stream) -> Problems:
    """The Service or host name that KServe makes of the name has more than 63 characters."""
    for service in inference_services(stream):
        made = [f"{service.name}-{component.role}" for component in service.components]
        made += sorted(service.service_names())
        if service.object.namespace:
            made.append(f"{service.name}-predictor-{service.object.namespace}")
        if service.mode == "Knative":
            made.append(f"{service.name}-predictor-00001")
        longest = max(made, key=len)
        if len(longest) > _LABEL:
            yield Problem(
                service.object,
                service.object.name_node,
                f"{longest} has {len(longest)} characters, and a DNS label may have {_LABEL}",
                f"Shorten the name by {len(longest) - _LABEL} characters.",
            )


@rule(
    "PGM203",
    "deployment-mode",
    ERROR,
    why="KServe compares it letter by letter, and takes any other word for its default mode.",
    fix="Use Standard or Knative.",
)
def deployment_mode(stream: Stream) -> Problems:
    """The annotation serving.kserve.io/deploymentMode is none of the modes."""
    for service in inference_services(stream):
        mode = service.object.annotations.get(MODE)
        if mode is not None and mode not in _MODES and mode not in _OLD_MODES:
            close = [one for one in _MODES if one.lower() == mode.strip().lower()]
            yield Problem(
                service.object,
                service.object.annotation_node(MODE),
                f"deploymentMode is {mode!r}",
                f"Write it {close[0]}." if close else "",
            )


@rule(
    "PGM228",
    "old-deployment-mode",
    WARNING,
    why="KServe still reads it and writes the new word over it, which whoever applies the manifest "
    "then sees as a change; a webhook or tool that compares the word fails.",
    fix="Use Standard for RawDeployment, and Knative for Serverless.",
)
def old_deployment_mode(stream: Stream) -> Problems:
    """The annotation serving.kserve.io/deploymentMode has a word of the past."""
    for service in inference_services(stream):
        mode = service.object.annotations.get(MODE, "")
        if mode in _OLD_MODES:
            yield Problem(
                service.object,
                service.object.annotation_node(MODE),
                f"deploymentMode is {mode}",
                f"Write it {_OLD_MODES[mode]}.",
            )
