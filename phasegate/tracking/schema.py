"""Bring the tables of MLflow's database to the version that is installed.

``python -m phasegate.tracking.schema`` runs before the server. The server would make missing tables
itself, and refuse older ones; but each of its pods would, and at the same time. Here they wait for
each other. Reads MLFLOW_BACKEND_STORE_URI.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from phasegate.errors import BadInput, ExitCode, Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine

VARIABLE = "MLFLOW_BACKEND_STORE_URI"

_VERSIONS = "alembic_version"  # the table in which migrations note how far they have come
_ARTIFACTS = "mlflow-artifacts:/"  # the server gives artifacts itself
_LOCK = 0x70686173  # any number: who upgrades holds it in PostgreSQL


def upgrade(address: str) -> bool:
    """Make the tables, or upgrade those that are there.

    Args:
        address: of the database, as MLflow's server takes it.

    Returns:
        Whether there were tables.

    Raises:
        BadInput: the address is none, or a migration failed.
        Unavailable: the database does not answer.
    """
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.exc import ArgumentError, OperationalError

    try:
        engine = create_engine(address)
        with _alone(engine):
            found = inspect(engine).has_table(_VERSIONS)
            (_migrate if found else _create)(address)
            return found
    except ArgumentError:
        raise BadInput(
            "is not the address of a database",
            where=VARIABLE,
            expected="such as postgresql+psycopg2://USER@127.0.0.1:5432/mlflow",
        ) from None
    except OperationalError as error:
        raise Unavailable(
            f"the database does not answer: {error.orig}",
            fix="look at the logs of the container cloud-sql-proxy, and at the user's rights",
        ) from None


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    from sqlalchemy import text

    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # ends with the connection, however that ends
            connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
        yield


def _create(address: str) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(address, _ARTIFACTS)


def _migrate(address: str) -> None:
    from mlflow.db import commands

    try:
        commands.main(["upgrade", address], standalone_mode=False)
    except Exception as error:  # whatever a migration, the database or MLflow says
        raise BadInput(
            f"the tables of MLflow's database could not be upgraded: {error}",
            where=VARIABLE,
            fix="go back to the image before, or restore the database",
        ) from error


def main() -> int:
    """Upgrade, saying what was done."""
    try:
        address = os.environ.get(VARIABLE, "")
        if not address:
            raise BadInput("is not set", where=VARIABLE, expected="the address of a database")
        found = upgrade(address)
    except (BadInput, Unavailable) as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    print("the tables are current" if found else "made the tables")
    return ExitCode.PASSED


if __name__ == "__main__":
    sys.exit(main())
