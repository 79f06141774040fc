"""Categories written, coded or ordered otherwise, and features in each other's place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from phasegate.monitoring.skew.hypotheses.sample import Hypothesis, Sample
from phasegate.monitoring.skew.report import CauseKind

WRITINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("it is in upper case", str.upper),
    ("it is in lower case", str.lower),
    ("its words begin with capitals", str.title),
    ("blanks around it are cut off", str.strip),
    ("it is trimmed and in lower case", lambda text: text.strip().lower()),
    ("it is trimmed and in upper case", lambda text: text.strip().upper()),
    ("it is cut to its first letter", lambda text: text[:1]),
)
_SHOWN = 4


def writings(sample: Sample) -> Iterator[Hypothesis]:
    """Other ways to write a category."""
    if sample.kind == "categorical":
        for words, write in WRITINGS:
            yield Hypothesis(CauseKind.ENCODING, words, _each(sample, write))


def codes(sample: Sample) -> Iterator[Hypothesis]:
    """Other categories, or codes, one for each: a category always becomes the same other one."""
    if sample.kind != "categorical":
        return
    pairs = Counter(
        (known, served)
        for known, served in zip(
            sample.recomputed[sample.differing], sample.served[sample.differing], strict=True
        )
        if known is not None and served is not None
    )
    mapping: dict[str, str] = {}
    for known, served in sorted(pairs, key=lambda pair: (-pairs[pair], pair)):
        if known not in mapping and served not in mapping.values():
            mapping[known] = served
    if not mapping:
        return
    examples = [f"'{known}' as '{served}'" for known, served in sorted(mapping.items())[:_SHOWN]]
    more = f" and {len(mapping) - _SHOWN} more" if len(mapping) > _SHOWN else ""
    if set(mapping.values()) <= set(mapping):
        words = "categories are in another order"
    elif all(served.lstrip("-").replace(".", "", 1).isdigit() for served in mapping.values()):
        words = "categories are served as codes"
    else:
        words = "categories have other names"
    yield Hypothesis(
        CauseKind.ENCODING,
        f"{words}: {', '.join(examples)}{more}",
        _each(sample, lambda text: mapping.get(text, text)),
        True,
    )


def columns(sample: Sample) -> Iterator[Hypothesis]:
    """Another feature in the place of this one."""
    for name, values in sample.others.items():
        yield Hypothesis(CauseKind.ENCODING, f"it is the value of {name}", values)


def _each(sample: Sample, change: Callable[[str], str]) -> np.ndarray:
    changed = [None if text is None else change(text) for text in sample.recomputed]
    return np.array([*changed, None], object)[:-1]
