"""A large pipeline in which nothing is found."""

from __future__ import annotations

import yaml

from tests.pipeline_lint.planting import CLEAN


def many_tasks(count: int) -> str:
    """A pipeline of many tasks, each with its component and its executor, in a long chain."""
    document = next(yaml.safe_load_all(CLEAN.read_text(encoding="utf-8")))
    graph = document["components"]["comp-inside"]["dag"]["tasks"]
    executors = document["deploymentSpec"]["executors"]
    component, executor = document["components"]["comp-deploy"], executors["exec-deploy"]
    for n in range(count):
        name = f"copy-{n}"
        graph[name] = {
            **graph["deploy"],
            "componentRef": {"name": f"comp-{name}"},
            "dependentTasks": [f"copy-{n - 1}"] if n else ["deploy"],
            "taskInfo": {"name": name},
        }
        document["components"][f"comp-{name}"] = {**component, "executorLabel": f"exec-{name}"}
        executors[f"exec-{name}"] = executor
    return yaml.dump(document, Dumper=_NoAliases)


class _NoAliases(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True
