"""The project file's `kubernetes` section: what a cluster gives to each component's steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

Section = Mapping[str, Any]

# They change a release on the cluster, as the account that kserve_manifests grants that to.
ACTING = ("deploy_shadow", "shift_traffic", "promote", "rollback", "release_step", "undo_change")
ACTING_ACCOUNT = "phasegate-pipeline"


@dataclass(frozen=True, slots=True, order=True)
class Toleration:
    """A taint that is tolerated; an empty text matches whatever the taint has."""

    key: str
    operator: str
    value: str
    effect: str


@dataclass(frozen=True, slots=True)
class Key:
    """Where a variable's value is: a key of a Secret or a ConfigMap."""

    kind: str
    name: str
    key: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Mount:
    """What is mounted at a path.

    Attributes:
        kind: secrets, config_maps, claim or empty_dir.
        name: of the object; KFP's driver calls the pod's volume by it too.
        optional: whether a step starts without it: of secrets and config_maps.
        sub_path: path within a claim.
        medium: of an empty_dir.
        size_limit: of an empty_dir.
    """

    kind: str
    name: str
    optional: bool = False
    sub_path: str = ""
    medium: str = ""
    size_limit: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """What a cluster gives to a step; each setting stands under that of which there is one only.

    Attributes:
        container: image_pull_policy, run_as_user, run_as_group, run_as_non_root, cpu, memory and
            accelerator, the last as its type and count.
        pull_secrets: names of the image registry's Secrets, each with nothing.
        node_selector: by label.
        tolerations: the seconds of each, or None for ever.
        environment: by variable.
        mounts: by path.
        labels: by name.
        annotations: by name.
    """

    container: Mapping[str, Any] = field(default_factory=dict)
    pull_secrets: Mapping[str, None] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Mapping[Toleration, int | None] = field(default_factory=dict)
    environment: Mapping[str, Key] = field(default_factory=dict)
    mounts: Mapping[str, Mount] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def over(self, general: Platform) -> Platform:
        """Both together; where both say something, this wins."""
        names = [one.name for one in fields(self)]
        return Platform(**{n: {**getattr(general, n), **getattr(self, n)} for n in names})


def platform_of(section: Section, component: str) -> Platform:
    """What a component's steps get.

    Args:
        section: `kubernetes` of a valid project file.
        component: name of the component's folder, such as ``release_step``.
    """
    general = declared(section)
    own = section.get("components", {}).get(component)
    if own is None:
        return general
    return declared(own).over(general) if own["inherit"] else declared(own)


def service_account(section: Section, components: Collection[str]) -> str:
    """The ServiceAccount of a pipeline's runs; empty leaves it to Kubeflow Pipelines.

    Args:
        section: `kubernetes` of a valid project file.
        components: those in the pipeline, as their folders are called or as KFP spells them
            (``release-step``). Some of them change a release on the cluster, for which KFP's own
            account has no rights.
    """
    acts = any(component.replace("-", "_") in ACTING for component in components)
    return section.get("service_account", ACTING_ACCOUNT if acts else "")


def declared(section: Section) -> Platform:
    """What one section says, that of all components or that of one."""
    identity = section.get("security_context", {})
    return Platform(
        container={**_policy(section), **identity, **_resources(section.get("resources", {}))},
        pull_secrets=dict.fromkeys(section.get("image_pull_secrets", ())),
        node_selector=section.get("node_selector", {}),
        tolerations={
            toleration_of(one): one.get("toleration_seconds")
            for one in section.get("tolerations", ())
        },
        environment={
            variable: Key(kind, one["name"], key, one["optional"])
            for kind in ("secrets", "config_maps")
            for one in section.get(kind, ())
            for variable, key in one.get("env", {}).items()
        },
        mounts=_mounts(section),
        labels=section.get("labels", {}),
        annotations=section.get("annotations", {}),
    )


def toleration_of(one: Section) -> Toleration:
    """A toleration, without how long."""
    return Toleration(
        one.get("key", ""), one["operator"], one.get("value", ""), one.get("effect", "")
    )


def _mounts(section: Section) -> dict[str, Mount]:
    mounts = {
        one["mount"]: Mount(kind, one["name"], one["optional"])
        for kind in ("secrets", "config_maps")
        for one in section.get(kind, ())
        if "mount" in one
    }
    for one in section.get("volumes", ()):
        kind = "claim" if "claim" in one else "empty_dir"
        options = {n: one[n] for n in ("sub_path", "medium", "size_limit") if n in one}
        mounts[one["mount"]] = Mount(kind, one[kind], **options)
    return mounts


def _policy(section: Section) -> dict[str, str]:
    return {n: section[n] for n in ("image_pull_policy",) if n in section}


def _resources(section: Section) -> dict[str, Any]:
    resources: dict[str, Any] = {n: str(section[n]) for n in ("cpu", "memory") if n in section}
    if accelerator := section.get("accelerator"):
        resources["accelerator"] = (accelerator["type"], accelerator["count"])
    return resources
