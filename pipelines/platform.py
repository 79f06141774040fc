"""A cluster's settings of steps, from a project file into the pipelines that are compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kfp import dsl

from phasegate.project.platform import Mount, Platform

Platforms = Callable[[str], Platform]  # by the name of a component's folder

_PLATFORMS: ContextVar[Platforms | None] = ContextVar("platforms", default=None)


@contextmanager
def on_platform(platforms: Platforms) -> Iterator[None]:
    """Pipelines that are built within this context have these settings in every step."""
    token = _PLATFORMS.set(platforms)
    try:
        yield
    finally:
        _PLATFORMS.reset(token)


def set_platform(task: dsl.PipelineTask) -> None:
    """Give a task the settings of its component, if there are any.

    What the pipeline's own YAML can say, resources, is said there; all else goes to KFP's
    platform configuration, which is a second document that local runs do not look at.
    """
    if platforms := _PLATFORMS.get():
        platform = platforms(task.component_spec.name.replace("-", "_"))
        _set_resources(task, platform)
        _set_pod(task, platform)
        _set_container(task, platform)


def _set_resources(task: dsl.PipelineTask, platform: Platform) -> None:
    if cpu := platform.container.get("cpu"):
        task.set_cpu_request(cpu).set_cpu_limit(cpu)
    if memory := platform.container.get("memory"):
        task.set_memory_request(memory).set_memory_limit(memory)
    if accelerator := platform.container.get("accelerator"):
        kind, count = accelerator
        task.set_accelerator_type(kind).set_accelerator_limit(count)


def _set_pod(task: dsl.PipelineTask, platform: Platform) -> None:
    """Settings are sorted, so that their order in the file makes no other version."""
    from kfp import kubernetes  # 0.1 s, for those who have such settings

    for label, value in sorted(platform.node_selector.items()):
        kubernetes.add_node_selector(task, label, value)
    for toleration, seconds in sorted(platform.tolerations.items(), key=lambda item: item[0]):
        kubernetes.add_toleration(
            task,
            key=toleration.key or None,
            operator=toleration.operator,
            value=toleration.value or None,
            effect=toleration.effect or None,
            toleration_seconds=seconds,
        )
    for label, value in sorted(platform.labels.items()):
        kubernetes.add_pod_label(task, label, value)
    for name, value in sorted(platform.annotations.items()):
        kubernetes.add_pod_annotation(task, name, value)
    if platform.pull_secrets:
        kubernetes.set_image_pull_secrets(task, sorted(platform.pull_secrets))


def _set_container(task: dsl.PipelineTask, platform: Platform) -> None:
    from kfp import kubernetes

    for variable, key in sorted(platform.environment.items()):
        if key.kind == "secrets":
            kubernetes.use_secret_as_env(task, key.name, {key.key: variable}, key.optional)
        else:
            kubernetes.use_config_map_as_env(task, key.name, {key.key: variable}, key.optional)
    for path, mount in sorted(platform.mounts.items()):
        _mount(task, path, mount)
    if policy := platform.container.get("image_pull_policy"):
        kubernetes.set_image_pull_policy(task, policy)
    identity = {n: v for n, v in platform.container.items() if n.startswith("run_as_")}
    if identity:
        kubernetes.set_security_context(task, **identity)


def _mount(task: dsl.PipelineTask, path: str, mount: Mount) -> None:
    from kfp import kubernetes

    match mount.kind:
        case "secrets":
            kubernetes.use_secret_as_volume(task, mount.name, path, mount.optional)
        case "config_maps":
            kubernetes.use_config_map_as_volume(task, mount.name, path, mount.optional)
        case "claim":
            kubernetes.mount_pvc(task, mount.name, path, mount.sub_path)
        case "empty_dir":
            kubernetes.empty_dir_mount(
                task, mount.name, path, mount.medium or None, mount.size_limit or None
            )
