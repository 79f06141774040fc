"""Starting, failing and stopping a real model server process."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from phasegate.models import Model
from phasegate.serving.client import ServingFailure
from phasegate.serving.process import ModelServerProcess

ROW = {"amount": 1, "mean_7d": None, "category": "fuel"}


def test_a_model_with_one_flipped_bit_is_not_served(
    model_folder: Path, model: Model, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    booster = bytearray((folder / "model.ubj").read_bytes())
    booster[len(booster) // 2] ^= 1
    (folder / "model.ubj").write_bytes(booster)
    server = ModelServerProcess(folder, model.digest, "fraud", log=tmp_path / "log")
    with pytest.raises(ServingFailure, match=r"exit code 2(?s:.*)digest is"), server:
        pass


def test_a_server_that_is_not_ready_in_time_is_stopped(
    model_folder: Path, model: Model, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    server = ModelServerProcess(model_folder, model.digest, "fraud", log=log, start_seconds=0)
    with pytest.raises(ServingFailure, match="not ready after 0 seconds"), server:
        pass
    assert server.stop() is not None


def test_a_server_ends_with_zero_when_the_one_who_started_it_is_gone(
    model_folder: Path, model: Model, tmp_path: Path
) -> None:
    with ModelServerProcess(model_folder, model.digest, "fraud", log=tmp_path / "log") as server:
        assert server.started_in > 0
        with server.client() as client:
            client.predict_v1([ROW])
        server._process.stdin.close()  # as the system does when this process is killed
        assert server._process.wait(timeout=60) == 0


def test_a_server_that_died_gives_no_answer(
    model_folder: Path, model: Model, tmp_path: Path
) -> None:
    with ModelServerProcess(model_folder, model.digest, "fraud", log=tmp_path / "log") as server:
        os.kill(server.pid, signal.SIGKILL)
        with server.client() as client, pytest.raises(ServingFailure, match="no answer"):
            client.predict_v1([ROW])
