"""A server that is sent raw events scores them as training would have."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from phasegate.models import Calibration, Input, Model
from phasegate.models.booster import import_xgboost
from phasegate.online import OnlineFeatures, SqliteHistory
from phasegate.serving.client import ModelClient
from phasegate.serving.process import ModelServerProcess
from tests.features.tables import DATA, DEFINITIONS, FEATURES, HOUR, computed

NAME = "events"


@pytest.fixture(scope="module")
def model() -> Model:
    """Trees over the features of tests.features.tables."""
    xgboost = import_xgboost()
    inputs = tuple(Input(one.name, one.kind) for one in DEFINITIONS.columns)
    random = np.random.default_rng(5)
    matrix = random.normal(scale=20, size=(500, len(inputs))).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.2] = np.nan
    label = (np.nan_to_num(matrix).sum(axis=1) > 0) * 1
    booster = xgboost.train(
        {"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(matrix, label=label), 15
    )
    return Model(
        NAME, inputs, {}, Calibration(), 0.5, {"column": "fraud", "positive": 1},
        {"features": FEATURES, "data": DATA}, DEFINITIONS.digest, {},
        bytes(booster.save_raw("ubj")),
    )  # fmt: skip


def events(count: int) -> list[dict[str, Any]]:
    """Events in time order, some at one moment, with gaps."""
    random = np.random.default_rng(9)
    return [
        {
            "moment": int(moment) * HOUR // 4,
            "customer": str(random.choice(["a", "b"])) if random.random() > 0.1 else None,
            "terminal": int(random.integers(3)) if random.random() > 0.1 else None,
            "amount": float(random.normal() * 30) if random.random() > 0.1 else None,
            "fraud": int(random.random() < 0.3),
        }
        for moment in np.sort(random.integers(0, count, count))
    ]


@pytest.fixture(scope="module")
def server(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServerProcess]:
    place = tmp_path_factory.mktemp("events")
    model.save(place / "model")
    options = [f"--history={place / 'history.sqlite'}"]
    log = place / "log"
    with ModelServerProcess(place / "model", model.digest, NAME, log=log, options=options) as one:
        yield one


@pytest.fixture
def client(server: ModelServerProcess) -> Iterator[ModelClient]:
    with server.client() as client:
        yield client


def send(client: ModelClient, event: dict[str, Any], name: str) -> tuple[int, Any]:
    raw = {key: value for key, value in event.items() if key != "fraud"}
    headers = {"x-request-id": f"r-{name}", "x-event-id": name}
    path = f"/v1/models/{NAME}:predict"
    status, answer = client.send("POST", path, json.dumps({"instances": [raw]}).encode(), headers)
    return status, json.loads(answer)


def test_a_request_must_carry_the_raw_columns(client: ModelClient) -> None:
    assert client.inputs() == ["moment", "customer", "amount", "terminal"]
    status, answer = send(client, {"moment": 1, "amount": 2}, "incomplete")
    assert status == 400
    assert "no 'customer', 'terminal'" in answer["error"]
    status, answer = send(client, {**events(1)[0], "moment": "noon"}, "timeless")
    assert status == 400
    assert "'moment' of row 0" in answer["error"]


def test_scores_are_those_of_the_features_that_training_computes(
    client: ModelClient, server: ModelServerProcess, model: Model
) -> None:
    past = server._log.parent / "history.sqlite"
    sent = events(120)
    offline = computed(sent)
    columns = {
        one.name: [math.nan if row[one.name] is None else row[one.name] for row in offline]
        for one in model.inputs
    }
    expected = model.score(model.matrix(columns))
    with SqliteHistory(past) as history:
        labels = OnlineFeatures(DEFINITIONS, history)
        waiting: list[tuple[int, str, int]] = []
        for number, event in enumerate(sent):
            known = [one for one in waiting if one[0] <= event["moment"]]
            waiting = [one for one in waiting if one not in known]
            labels.add_labels({name: label for _, name, label in known})
            status, answer = send(client, event, str(number))
            assert status == 200, answer
            assert answer["predictions"][0]["score"] == expected[number], number
            waiting.append((event["moment"] + 2 * HOUR, str(number), event["fraud"]))
    assert send(client, sent[-1], str(len(sent) - 1))[1]["predictions"][0]["score"] == expected[-1]
    metrics = client.send("GET", "/metrics")[1].decode()
    assert "phasegate_unrecorded_events_total" in metrics
