"""The convoy state machine's steps. Whatever goes wrong is told to the execution by its token, never raised."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap, observability
from gastown.metrics import Metric
from gastown.usecases.step_convoy import read_step, step_convoy

CAUSE_LENGTH = 1000
"""Characters of an error that an execution keeps; it lives for weeks and people read it."""

log = observability.logger()


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Wait for a step's answer in the town, or give it at once. Raises only when the token could not be answered."""
    ids = {name: event.get(name) for name in ("town_id", "convoy_id", "bead_id", "step")}
    with log.append_context_keys(**ids):
        try:
            bootstrap.begin_work()
            result = step_convoy(bootstrap.unit_of_work(), bootstrap.workflows(), read_step(event))
        except Exception as fault:
            log.exception("step.failed")
            observability.count(Metric.STEPS_FAILED)
            _fail(event, fault)
            return {"result": "failed"}
        log.info("step", extra={"result": result})
        return {"result": result}


def _fail(event: dict[str, Any], fault: Exception) -> None:
    """The state machine retries by the error's name; an event without a token has nobody to answer."""
    if token := event.get("token"):
        bootstrap.workflows().fail(str(token), type(fault).__name__, str(fault)[:CAUSE_LENGTH])
