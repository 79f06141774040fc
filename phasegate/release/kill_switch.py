"""The kill switch of releases: one boolean flag of any OpenFeature provider, evaluated by model."""

from __future__ import annotations

import fcntl
import importlib
import itertools
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError
from openfeature.provider import FeatureProvider

from phasegate.errors import BadInput
from phasegate.release.flag_file import FlagFile, switch, targets, write_flags
from phasegate.release.reasons import checked_reason

FLAG = "release-kill"
VARIABLE = "PHASEGATE_FLAGS"  # path of the file of flags, or module:factory of a provider
FILE = "flags.json"

_domains = itertools.count()


class KillSwitch:
    """Whether a model's release is to be rolled back at once.

    The flag's default is off, and its targeting key the model's name. What cannot be read is
    unknown, which lets no release move forwards, and never off.

    Args:
        provider: where the flag comes from.

    Attributes:
        problem: why it could not be read the last time; empty where it could.
    """

    def __init__(self, provider: FeatureProvider) -> None:
        domain = f"phasegate-{os.getpid()}-{next(_domains)}"  # providers are global in OpenFeature
        self.problem = ""
        # Its own word about an error would be a traceback on standard error; ours is `problem`.
        logging.getLogger("openfeature").setLevel(logging.CRITICAL)
        try:
            api.set_provider_and_wait(provider, domain)
        except Exception as error:  # of a provider that somebody else wrote
            self.problem = str(error)
        self._client = api.get_client(domain)

    def is_on(self, model: str) -> bool | None:
        """Whether it is on; None when that cannot be told."""
        try:
            seen = self._client.get_boolean_details(FLAG, False, EvaluationContext(model))
        except Exception as error:  # of a provider that somebody else wrote
            self.problem = str(error)
            return None
        if seen.error_code is not None or type(seen.value) is not bool:
            self.problem = seen.error_message or f"{FLAG} is {seen.value!r} ({seen.error_code})"
            return None
        self.problem = ""
        return seen.value


def kill_switch(flags: str) -> KillSwitch:
    """The switch that is meant by the path of a file, or by ``module:factory`` of a provider.

    The factory takes no argument and returns an OpenFeature provider, such as flagd's.

    Raises:
        BadInput: there is no such factory, or it fails.
    """
    if not is_provider(flags):
        return KillSwitch(FlagFile(Path(flags)))
    module, _, factory = flags.partition(":")
    try:
        return KillSwitch(getattr(importlib.import_module(module), factory)())
    except Exception as error:  # of a provider that somebody else wrote
        raise BadInput(
            f"there is no provider of feature flags ({error})",
            where=flags,
            expected="the path of a file, or module:factory of an OpenFeature provider",
        ) from None


def is_provider(flags: str) -> bool:
    """Whether ``module:factory`` is meant, and no file."""
    module, _, factory = flags.partition(":")
    return "/" not in module and factory.isidentifier()


def pull(path: Path, model: str, *, reason: str, actor: str, now: datetime) -> None:
    """Switch a model's flag on in a file; a file that cannot be understood is put aside for that.

    Raises:
        BadInput: no reason is given, or the file cannot be written.
    """
    _set(path, model, True, reason=reason, actor=actor, now=now)


def release(path: Path, model: str, *, reason: str, actor: str, now: datetime) -> None:
    """Switch a model's flag off again in a file.

    Raises:
        BadInput: no reason is given, or the file cannot be understood or written.
    """
    _set(path, model, False, reason=reason, actor=actor, now=now)


def _set(path: Path, model: str, on: bool, *, reason: str, actor: str, now: datetime) -> None:
    checked_reason(reason, "the kill switch", kept="which stands beside it")
    metadata = {"reason": reason, "by": actor, "at": now.isoformat()}

    def change(flags: dict[str, Any]) -> dict[str, Any]:
        if FLAG in flags and _is_on(path, model) and not targets(flags[FLAG]):
            if on:
                return flags
            raise BadInput(f"{FLAG} is on for every model", where=str(path), fix="edit the file")
        keys = set(targets(flags.get(FLAG)))
        keys = keys | {model} if on else keys - {model}
        return {**flags, FLAG: switch(sorted(keys), metadata)}

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            try:
                write_flags(path, change)
                if _is_on(path, model) is not on:
                    raise OSError("what was written is not what is read")
            except OpenFeatureError as error:
                if not on:
                    raise BadInput(f"{error.error_message}", where=str(path)) from None
                path.replace(path.with_name(f"{path.name}.unreadable"))
                write_flags(path, change)
    except OSError as error:
        raise BadInput(f"it cannot be written ({error})", where=str(path)) from None


def _is_on(path: Path, model: str) -> bool:
    context = EvaluationContext(model)
    return FlagFile(path).resolve_boolean_details(FLAG, False, context).value


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
