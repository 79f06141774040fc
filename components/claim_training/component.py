"""Contract of `claim_training`."""

from kfp import dsl
from kfp.dsl import Input

from components.container import container
from components.types import RetrainingAdvice


@dsl.container_component
def claim_training(
    name: str,
    policy: str,
    store: str,
    run: str,
    holder: str,
    advice: Input[RetrainingAdvice],
    granted: dsl.OutputPath(str),
    claim: dsl.OutputPath(str),
    reason: dsl.OutputPath(str),
):
    """Claim the training that was advised: one for each reason, never two at once, not too often.

    Args:
        name: name of the model.
        policy: the project's monitoring policy, as JSON.
        store: where releases and the monitoring journal are kept: a folder or a gs:// address.
        run: name of this run of the pipeline.
        holder: who claims, where another run is to go on with the claim after a crash; empty
            takes the run.
        advice: what was decided.

    Returns:
        granted: GRANTED or DENIED.
        claim: number of the claim in the monitoring journal; 0 where it was denied.
        reason: why, in a sentence.
    """
    return container("core", "components.claim_training")
