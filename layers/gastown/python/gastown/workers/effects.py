"""Effects queue: each message names one effect of one town; it is claimed, performed, and its outcome delivered."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap, observability
from gastown.domain.errors import Unavailable
from gastown.metrics import Metric
from gastown.usecases.perform_effect import Report, Result, perform_effect
from gastown.workers.messages import Message, come_again, read_messages

UNSUCCESSFUL = {Result.RETRY: Metric.EFFECTS_RETRY, Result.FAILED: Metric.EFFECTS_FAILED}

log = observability.logger()


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Perform the effects of a batch; a message fails for crashes and absent storage, never for a refused effect."""
    bootstrap.begin_work()
    return come_again([message for message in read_messages(event, "town_id", "key") if not _perform(message)])


def _perform(message: Message) -> bool:
    with log.append_context_keys(town_id=message.town_id, effect=message.body["key"]):
        try:
            report = perform_effect(bootstrap.outside(), message.town_id, str(message.body["key"]))
        except Unavailable as fault:
            log.warning("effect.postponed", extra={"error": str(fault)})
            return False
        except Exception:
            log.exception("effect.crashed")
            observability.count(Metric.EFFECTS_CRASHED)
            return False
        _tell(report)
    return True


def _tell(report: Report) -> None:
    """One line for each try that was made, and a metric for those that did not succeed."""
    fields = {"result": report.result, "kind": report.kind, "attempt": report.attempt, "error": report.error}
    if (metric := UNSUCCESSFUL.get(report.result)) is not None:
        log.warning("effect", extra=fields)
        observability.count(metric, kind=report.kind)
    elif report.result is not Result.ABSENT:
        log.info("effect", extra=fields)
