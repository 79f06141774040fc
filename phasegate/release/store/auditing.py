"""The audit of a model's releases: what the store holds, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from phasegate.errors import BadInput, Unavailable
from phasegate.release.audit import Chain, Damaged, Flaw, verify
from phasegate.release.entry import Entry
from phasegate.release.store.documents import sequence_of
from phasegate.release.store.releases import Releases


def audited(releases: Releases, model: str, anchor: str = "") -> Chain:
    """Verify a model's record, audit log and evidence; files that cannot be read are flaws.

    Args:
        releases: of a store.
        model: whose.
        anchor: hash that an entry must have; empty where none is known.

    Raises:
        BadInput: the model has no releases in this store.
        Unavailable: the store did not answer.
    """
    # The log first: a record that is read later can only be further on, by what runs meanwhile.
    names = releases.entry_names(model)
    numbered = [(sequence_of(name), name) for name in names]
    entries = releases.each(
        [pair for pair in numbered if pair[0] is not None],
        lambda pair: _or_damaged(pair[0], lambda: releases.entry(pair[1])),
    )
    head = _or_damaged(0, lambda: releases.newest(model))
    if head is None and not names:
        raise BadInput(f"no releases of {model} are kept here", where=releases.uri)
    if isinstance(head, Entry) and head.sequence > len(entries) + 1:
        # Others went on while this was read: what they wrote since is read, and no more.
        known = {name for _, name in numbered}
        later = [name for name in releases.entry_names(model) if name not in known]
        entries += [
            _or_damaged(number, lambda name=name: releases.entry(name))
            for name in later
            if (number := sequence_of(name)) is not None and number <= head.sequence
        ]
        entries.sort(key=lambda entry: entry.sequence)
    problems = releases.evidence_problems(
        model,
        {
            entry.evidence
            for entry in (*entries, head)
            if isinstance(entry, Entry) and entry.evidence
        },
    )
    chain = verify(entries, head, problems.__getitem__, anchor)
    strange = tuple(
        Flaw(0, f"the log has a file that is no entry: {name.rpartition('/')[2][:80]}")
        for number, name in numbered
        if number is None
    )
    return replace(chain, flaws=(*strange, *chain.flaws))


def _or_damaged(sequence: int, read: Callable[[], Entry | None]) -> Entry | Damaged | None:
    try:
        return read()
    except Unavailable:
        raise
    except BadInput as error:
        return Damaged(sequence, str(error))
