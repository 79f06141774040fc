"""What every task of every pipeline has: a title, resources, retries, a decision on caching."""

from __future__ import annotations

from kfp import dsl
from kfp.dsl import structures

from pipelines.platform import set_platform


def step(
    task: dsl.PipelineTask, title: str, *, cpu: str, memory: str, cached: bool
) -> dsl.PipelineTask:
    """Give a task its settings; those of a project's cluster, where there is one, go over them.

    Args:
        title: name shown in KFP's UI.
        cpu: cores, requested and allowed.
        memory: bytes, requested and allowed, such as ``4Gi``.
        cached: only if the step neither observes nor changes the world outside its inputs.
    """
    task.set_display_name(title)
    task.set_retry(num_retries=2, backoff_duration="10s", backoff_factor=2)
    task.set_caching_options(cached)
    # Without kfp's own setters: each walks the call stack for the name of its caller, which took
    # 6 of the 7 seconds in which the pipelines are imported.
    container = task.container_spec
    container.resources = structures.ResourceSpec(
        cpu_request=cpu, cpu_limit=cpu, memory_request=memory, memory_limit=memory
    )
    # A container cannot see its own digest, which a model's provenance names.
    if "@" in container.image:
        container.env = {**(container.env or {}), "PHASEGATE_IMAGE": container.image}
    set_platform(task)
    return task
