"""Feature flags in a file of flagd's format, as an OpenFeature provider.

    {"flags": {"release-kill": {
      "state": "ENABLED",
      "variants": {"on": true, "off": false},
      "defaultVariant": "off",
      "targeting": {"if": [{"in": [{"var": "targetingKey"}, ["card-fraud"]]}, "on", "off"]}}}}

The same file works with flagd. Of its targeting rules only the one above is understood, which names
the models that a switch is for; any other is an error, and never taken for off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import GeneralError, ParseError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import AbstractProvider, Metadata

_LARGEST = 1 << 20  # bytes: a file of flags is read at every look


class FlagFile(AbstractProvider):
    """Boolean flags of a file, which is read again at each evaluation.

    A missing file, or one without the flag, gives the default: nobody has switched anything yet.
    What cannot be read or understood is an error.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def get_metadata(self) -> Metadata:
        """The provider's name."""
        return Metadata("phasegate flag file")

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """A flag's value for a targeting key.

        Raises:
            OpenFeatureError: the file cannot be read, or says nothing that is understood.
        """
        flag = read_flags(self.path).get(flag_key)
        if flag is None:
            return FlagResolutionDetails(default_value, reason=Reason.DEFAULT)
        if not isinstance(flag, Mapping):
            raise ParseError(f"{self.path}: {flag_key} is no object")
        if flag.get("state") == "DISABLED":
            return FlagResolutionDetails(default_value, reason=Reason.DISABLED)
        if flag.get("state") != "ENABLED":
            raise ParseError(f"{self.path}: {flag_key} has state {flag.get('state')!r}")
        key = (evaluation_context.targeting_key if evaluation_context else None) or ""
        rule = flag.get("targeting") or None
        variant = flag.get("defaultVariant") if rule is None else _targeted(rule, key)
        variants = flag.get("variants")
        if not isinstance(variants, Mapping) or variant not in variants:
            raise ParseError(f"{self.path}: {flag_key} has no variant {variant!r}")
        value = variants[variant]
        if type(value) is not bool:
            raise TypeMismatchError(f"{self.path}: {flag_key} is {value!r}")
        reason = Reason.STATIC if rule is None else Reason.TARGETING_MATCH
        return FlagResolutionDetails(value, variant=str(variant), reason=reason)

    def resolve_string_details(self, flag_key: str, *_: Any) -> NoReturn:
        """Refused: there are only switches."""
        raise TypeMismatchError(flag_key)

    resolve_integer_details = resolve_string_details
    resolve_float_details = resolve_string_details
    resolve_object_details = resolve_string_details


def read_flags(path: Path) -> dict[str, Any]:
    """The flags of a file by name; none where there is no file.

    Raises:
        OpenFeatureError: it cannot be read, or is no file of flags.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise GeneralError(f"{path}: {error.strerror}") from None
    if len(text) > _LARGEST:
        raise ParseError(f"{path}: larger than {_LARGEST:,} bytes")
    try:
        flags = json.loads(text)["flags"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ParseError(f"{path}: this is no file of flags ({error!r})") from None
    if not isinstance(flags, dict):
        raise ParseError(f"{path}: flags is no object")
    return flags


def targets(flag: Any) -> tuple[str, ...]:
    """The keys for which a flag with the one rule that is understood is on."""
    try:
        test, _, _ = flag["targeting"]["if"]
        return tuple(test["in"][1])
    except (TypeError, KeyError, ValueError, IndexError):
        return ()


def switch(keys: Sequence[str], metadata: Mapping[str, str]) -> dict[str, Any]:
    """A flag that is on for these targeting keys, and off for all others.

    Args:
        metadata: kept in the file beside it: who switched it, and why.
    """
    flag: dict[str, Any] = {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        "metadata": dict(metadata),
    }
    if keys:
        flag["targeting"] = {
            "if": [{"in": [{"var": "targetingKey"}, sorted(set(keys))]}, "on", "off"]
        }
    return flag


def write_flags(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Replace the flags of a file by one rename; other content of it stays.

    Args:
        change: from the flags as they are to those that will be.

    Raises:
        OpenFeatureError: the file is there and is no file of flags; it stays as it is.
        OSError: it cannot be written.
    """
    flags = change(read_flags(path))
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        document = {"$schema": "https://flagd.dev/schema/v0/flags.json"}
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump({**document, "flags": flags}, file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _targeted(rule: Any, key: str) -> Any:
    match rule:
        case {"if": [{"in": [{"var": "targetingKey"}, [*keys]]}, matched, otherwise]} if (
            len(rule) == 1
        ):
            return matched if key in keys else otherwise
    raise GeneralError(f"a targeting rule that is not understood: {json.dumps(rule)[:200]}")
