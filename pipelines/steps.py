"""What every task of every pipeline has: a title, resources, retries, a decision on caching."""

from __future__ import annotations

from kfp import dsl

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
    task.set_cpu_request(cpu).set_cpu_limit(cpu)
    task.set_memory_request(memory).set_memory_limit(memory)
    task.set_retry(num_retries=2, backoff_duration="10s", backoff_factor=2)
    task.set_caching_options(cached)
    # A container cannot see its own digest, which a model's provenance names.
    image = task.container_spec.image
    if "@" in image:
        task.set_env_variable("PHASEGATE_IMAGE", image)
    set_platform(task)
    return task
