"""MLflow's server of the cluster, from its own environment, against real databases."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
import urllib3

from phasegate.tracking.alive import problem
from tests.tracking_server.conftest import Pod, options_of_the_deployment, tracking_python
from tests.tracking_server.postgres import postgres

USER = "phasegate-mlflow@fraud-dev-1234.iam"  # as IAM users of Cloud SQL are called

# MLflow's tables as the migration before the newest leaves them.
_OLDER = """
import os
import mlflow.store.db.utils as utils
from alembic import command
from alembic.script import ScriptDirectory
from mlflow.store.db.base_sql_model import Base
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase
import sqlalchemy
address = os.environ["ADDRESS"]
engine = sqlalchemy.create_engine(address)
InitialBase.metadata.create_all(engine)
config = utils._get_alembic_config(engine.url.render_as_string(hide_password=False))
script = ScriptDirectory.from_config(config)
older = script.get_revision(script.get_current_head()).down_revision
with engine.begin() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, older)
print(older, script.get_current_head())
"""

_VERSION = """
import os, sqlalchemy
with sqlalchemy.create_engine(os.environ["ADDRESS"]).connect() as connection:
    print(connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar())
"""


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_runs_models_and_artifacts_over_tls(
    pod: Pod, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if database == "sqlite":
            _track(pod, tmp_path, monkeypatch)
            return
        Path(folder).chmod(0o755)
        with postgres(Path(folder), USER) as address:
            pod.backend = _address(address)
            _track(pod, tmp_path, monkeypatch)


def test_older_tables_are_upgraded_before_the_server_starts(pod: Pod, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder), USER) as address:
            pod.backend = _address(address)
            older, newest = _run(_OLDER, pod.backend).split()
            assert _run(_VERSION, pod.backend).split() == [older] != [newest]
            both = [pod.start_schema(), pod.start_schema()]  # pods that start at once
            for one in both:
                said, errors = one.communicate()
                assert (one.returncode, said) == (0, "the tables are current\n"), errors
            assert _run(_VERSION, pod.backend).split() == [newest]
            with pod.serving(tmp_path / "server.log"):
                pass


def test_pods_that_start_at_once_make_the_tables_once(pod: Pod) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder), USER) as address:
            pod.backend = _address(address)
            both = [pod.start_schema(), pod.start_schema()]
            ended = [(*one.communicate(), one.returncode) for one in both]
    assert [code for *_, code in ended] == [0, 0], ended
    assert {said for said, *_ in ended} == {"made the tables\n", "the tables are current\n"}


def test_a_database_that_does_not_answer_is_said_in_one_line(pod: Pod) -> None:
    pod.backend = "postgresql+psycopg2://mlflow@127.0.0.1:1/mlflow"
    done = pod.schema()
    assert done.returncode == 2
    assert "the database does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_deployment_gives_artifacts_itself_and_listens_over_tls() -> None:
    options = " ".join(options_of_the_deployment())
    assert "--serve-artifacts" in options
    assert "--ssl-certfile=/etc/mlflow/tls/tls.crt --ssl-keyfile=/etc/mlflow/tls/tls.key" in options
    assert "--allowed-hosts=" in options


def _track(pod: Pod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pod.schema()
    assert (first.returncode, first.stdout) == (0, "made the tables\n"), first.stderr
    log = tmp_path / "server.log"
    with pod.serving(log) as port:
        address = f"https://localhost:{port}"
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(pod.authority.certificate))
        _use(address, tmp_path)

        trusted = urllib3.PoolManager(ca_certs=str(pod.authority.certificate), retries=False)
        refused = trusted.request("GET", f"{address}/", headers={"Host": "mlflow.example.com"})
        assert refused.status == 403, "another name is somebody's DNS rebinding"
        with pytest.raises(urllib3.exceptions.SSLError):
            urllib3.PoolManager(retries=False).request("GET", f"{address}/health")

        pod.authority.sign(pod.tls)
        assert "another certificate" in problem(port, pod.tls / "tls.crt")
    again = pod.schema()
    assert (again.returncode, again.stdout) == (0, "the tables are current\n"), again.stderr
    with pod.serving(log) as port:
        assert problem(port, pod.tls / "tls.crt") == "", "started again, it has the new one"
    stored = [one.name for one in pod.artifacts.rglob("*.txt")]
    assert stored == ["note.txt"], "the client reaches no bucket: the server stores for it"


def _use(address: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=address, registry_uri=address)
    experiment = client.create_experiment("card-fraud")
    run = client.create_run(experiment)
    client.log_metric(run.info.run_id, "recall", 0.81)
    note = tmp_path / "note.txt"
    note.write_text("kept by the server")
    client.log_artifact(run.info.run_id, str(note))
    client.create_registered_model("card-fraud")
    version = client.create_model_version("card-fraud", f"runs:/{run.info.run_id}", run.info.run_id)
    client.set_registered_model_alias("card-fraud", "champion", version.version)

    assert client.get_run(run.info.run_id).data.metrics == {"recall": 0.81}
    assert client.get_model_version_by_alias("card-fraud", "champion").run_id == run.info.run_id
    fetched = client.download_artifacts(run.info.run_id, "note.txt", str(tmp_path))
    assert Path(fetched).read_text() == "kept by the server"


def _address(place: str) -> str:
    return f"postgresql+psycopg2://{USER.replace('@', '%40')}@{place}/mlflow?sslmode=disable"


def _run(program: str, address: str) -> str:
    done = subprocess.run(
        [tracking_python(), "-c", program],
        env={"ADDRESS": address, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
