"""A booster's trees as an ONNX graph whose sums have XGBoost's own bits.

XGBoost adds the leaves in float32, from the base score on, in the order of the trees. ONNX
Runtime's ``TreeEnsembleRegressor`` adds in tree order too, but its ``base_values`` only at the end,
which rounds differently. So the base score goes in as the first tree, of one leaf.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from phasegate.serving.libm import logf

INPUT, OUTPUT = "rows", "margin"
_NODE_COLUMNS = (
    "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_values", "nodes_modes",
    "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true",
)  # fmt: skip
_LEAF_COLUMNS = ("target_treeids", "target_nodeids", "target_ids", "target_weights")


class UnknownTrees(Exception):
    """A booster that this translation does not cover; XGBoost itself does."""


def onnx_graph(booster: str | bytes) -> bytes:
    """A serialized ONNX model: float32 [n, features] -> margin float32 [n, 1], NaN is missing.

    Args:
        booster: JSON of a booster, as ``save_raw("json")`` gives it.

    Raises:
        UnknownTrees: not one binary logistic score of plain trees.
    """
    learner = json.loads(booster)["learner"]
    parameters, ensemble = learner["learner_model_param"], learner["gradient_booster"]
    if learner["objective"]["name"] != "binary:logistic" or ensemble["name"] != "gbtree":
        raise UnknownTrees(f"{learner['objective']['name']} of {ensemble['name']}")
    trees = _Trees()
    trees.add_leaf(0, 0, _base_margin(parameters["base_score"]))
    for number, tree in enumerate(ensemble["model"]["trees"], start=1):
        trees.add(number, tree)
    features = int(parameters["num_feature"])
    node = helper.make_node(
        "TreeEnsembleRegressor", [INPUT], [OUTPUT], domain="ai.onnx.ml",
        n_targets=1, aggregate_function="SUM", post_transform="NONE", **trees.columns,
    )  # fmt: skip
    graph = helper.make_graph(
        [node],
        "booster",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, features])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, 1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def _base_margin(text: str) -> float:
    """The base score, a probability, as the margin that XGBoost starts from; float32 throughout."""
    scores = json.loads(text)
    if isinstance(scores, list):
        if len(scores) != 1:
            raise UnknownTrees(f"{len(scores)} base scores")
        scores = scores[0]
    one = np.float32(1)
    return -logf(float(one / np.float32(scores) - one))


class _Trees:
    """The columns of the operator's attributes, filled node by node."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in (*_NODE_COLUMNS, *_LEAF_COLUMNS)}

    def add(self, number: int, tree: Mapping[str, Any]) -> None:
        """One tree, its nodes under the numbers that they have in the booster."""
        sizes = zip(
            tree["categories_nodes"],
            tree["categories_segments"],
            tree["categories_sizes"],
            strict=True,
        )
        sets = {node: tree["categories"][start : start + size] for node, start, size in sizes}
        unused = len(tree["left_children"])
        for node, (left, right, feature, value, default_left) in enumerate(
            zip(
                tree["left_children"], tree["right_children"], tree["split_indices"],
                tree["split_conditions"], tree["default_left"], strict=True,
            )
        ):  # fmt: skip
            if left == -1:
                self.add_leaf(number, node, value)
            elif tree["split_type"][node] == 0:
                self._add(number, node, feature, value, "BRANCH_LT", left, right, default_left)
            else:
                # A set of categories goes right: one comparison after another, all with the same
                # right child, the last one with the left.
                members = sets[node]
                if not members:
                    raise UnknownTrees("a split by an empty set")
                chain = [node, *range(unused, unused + len(members) - 1)]
                unused += len(members) - 1
                for here, next_, member in zip(chain, [*chain[1:], left], members, strict=True):
                    self._add(
                        number, here, feature, member, "BRANCH_EQ", right, next_, not default_left
                    )

    def add_leaf(self, tree: int, node: int, weight: float) -> None:
        """A leaf and what it adds to the margin."""
        self._add(tree, node, 0, 0.0, "LEAF", 0, 0, False)
        self._append(_LEAF_COLUMNS, (tree, node, 0, float(weight)))

    def _add(
        self, tree: int, node: int, feature: int, value: float, mode: str,
        if_true: int, if_false: int, missing_is_true: bool,
    ) -> None:  # fmt: skip
        row = (tree, node, feature, float(value), mode, if_true, if_false, int(missing_is_true))
        self._append(_NODE_COLUMNS, row)

    def _append(self, names: tuple[str, ...], row: tuple[Any, ...]) -> None:
        for name, value in zip(names, row, strict=True):
            self.columns[name].append(value)
