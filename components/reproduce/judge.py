"""Was the model reproduced? From the comparison to a verdict."""

from __future__ import annotations

from components.reproduce.rebuild import Reproduction
from phasegate.contracts import Check, Judgement, Outcome
from phasegate.provenance import Difference, Record


def judge(recorded: Record, reproduction: Reproduction) -> Judgement:
    """PASS when bytes and inputs are the recorded ones.

    Different bytes block. The same bytes from inputs that differ are inconclusive: what was
    reproduced then is not what was recorded. Another processor that gives the same bytes is
    no fault, for the promise of the same bytes is made within one kind of processor only.
    """
    identical = reproduction.identical
    outcome = Outcome.INCONCLUSIVE if identical else Outcome.BLOCK
    checks = [_bytes(reproduction)]
    checks += [
        Check(
            name=difference.kind,
            outcome=Outcome.PASS if identical and difference.kind == "cpu" else outcome,
            observed=difference.what,
            required="as recorded",
            reason=_reason(difference),
        )
        for difference in reproduction.differences
    ]
    return Judgement("reproduce", recorded.model_digest, recorded.snapshot_digest, tuple(checks))


def _reason(difference: Difference) -> str:
    if difference.kind == "failure":
        return f"the attempt ended with {difference.what}"
    return f"{difference.kind} differs from what is recorded: {difference.what}"


def _bytes(reproduction: Reproduction) -> Check:
    required = "byte-identical"
    if reproduction.identical:
        return Check("model", Outcome.PASS, required, required, "the model is byte-identical")
    if not reproduction.files:
        observed, reason = "not made", "the model could not be made again"
    else:
        differing = [name for name, same in reproduction.files.items() if not same]
        observed = f"{', '.join(differing)} differ"
        reason = f"{observed} from the registered model's"
        if not reproduction.differences:
            reason += ", though no recorded input does: some input is not recorded"
    return Check("model", Outcome.BLOCK, observed, required, reason)
