"""Personal data is hashed with a key, or dropped, before it reaches the log."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from phasegate.errors import BadInput
from phasegate.prediction_log.record import Prediction, Source

# What BLAKE2b takes, and what cannot be guessed.
KEY_BYTES = range(16, 65)

_DIGEST_BYTES = 16
_HOW_TO_MAKE = "make one with: (umask 077; openssl rand -hex 32 > {path})"


@dataclass(frozen=True)
class Privacy:
    """What becomes of sensitive columns.

    A hash is the hex keyed BLAKE2b of a value, 32 characters: equal values have equal hashes under
    one key, in all columns, so that they can still be joined; without the key nobody can tell which
    value it was by trying. A missing value stays missing. Numbers become text by hashing.

    Args:
        rules: column -> ``hash`` or ``drop``.
        key: 16 to 64 secret bytes; needed when anything is hashed.

    Raises:
        BadInput: an unknown rule, or no proper key.
    """

    rules: Mapping[str, Literal["hash", "drop"]]
    key: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for column, rule in self.rules.items():
            if rule not in ("hash", "drop"):
                raise BadInput(
                    f"rule {rule!r} for sensitive data is not known",
                    where=f"column {column!r}",
                    expected="hash or drop",
                )
        if "hash" in self.rules.values() and len(self.key or b"") not in KEY_BYTES:
            raise BadInput(
                f"sensitive columns are to be hashed with a key of {len(self.key or b'')} bytes",
                expected="16 to 64 bytes",
                fix=_HOW_TO_MAKE.format(path="KEY_FILE"),
            )

    def entity(self, column: str, value: str | None) -> str | None:
        """The key that cohorts stick to, as it may be logged.

        Args:
            column: the column that the value comes from, whose rule it shares.
            value: the value as it was sent.
        """
        match self.rules.get(column):
            case "drop":
                return None
            case "hash":
                return self._hash(value)
        return value

    def source(self, source: Source) -> Source:
        """The columns that are logged: dropped ones are gone, hashed numbers follow the texts."""
        return replace(
            source,
            numeric=tuple(name for name in source.numeric if name not in self.rules),
            text=tuple(name for name in source.text if self.rules.get(name) != "drop")
            + tuple(name for name in source.numeric if self.rules.get(name) == "hash"),
        )

    def prediction(self, prediction: Prediction, source: Source) -> Prediction:
        """A record of ``source`` as one of ``self.source(source)``; its entity is left as it is."""
        if not self.rules or self.rules.keys().isdisjoint(source.numeric + source.text):
            return prediction
        if not prediction.rows:
            return replace(prediction, categories=[])
        shape = prediction.rows, len(source.numeric)
        numbers = np.frombuffer(prediction.numeric, "<f8").reshape(shape)
        kept = [name not in self.rules for name in source.numeric]
        categories = [
            [self._hash(value) for value in values] if name in self.rules else values
            for name, values in zip(source.text, prediction.categories, strict=True)
            if self.rules.get(name) != "drop"
        ]
        categories += [
            [self._hash_number(value) for value in numbers[:, position].tolist()]
            for position, name in enumerate(source.numeric)
            if self.rules.get(name) == "hash"
        ]
        return replace(prediction, numeric=numbers[:, kept].tobytes(), categories=categories)

    def _hash(self, value: str | None) -> str | None:
        if value is None:
            return None
        data = value.encode(errors="surrogatepass")
        return hashlib.blake2b(data, key=self.key or b"", digest_size=_DIGEST_BYTES).hexdigest()

    def _hash_number(self, value: float) -> str | None:
        # Adding zero makes -0.0 the 0.0 that it equals.
        return None if math.isnan(value) else self._hash(repr(value + 0.0))


def read_key(path: Path) -> bytes:
    """The key in a file, without line breaks at its end.

    Raises:
        BadInput: the file is missing, readable by everyone, writable by others than its owner, or
            no proper key.
    """
    where, fix = str(path), _HOW_TO_MAKE.format(path=path)
    try:
        mode, key = path.stat().st_mode, path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise BadInput(
            f"the key for sensitive data cannot be read ({error.strerror})", where=where, fix=fix
        ) from error
    if mode & 0o027:  # Kubernetes gives a secret to its group: 0440
        raise BadInput(
            f"the key for sensitive data is open to others (mode {mode & 0o777:03o})",
            where=where,
            fix=f"Run: chmod 600 {path}",
        )
    if len(key) not in KEY_BYTES:
        raise BadInput(
            f"the key for sensitive data has {len(key)} bytes",
            where=where,
            expected="16 to 64 bytes",
            fix=fix,
        )
    return key
