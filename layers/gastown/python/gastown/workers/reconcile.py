"""Wake and alarm queues: one tick for each town named in the batch, however many messages name it.

A message fails only when something outside did not answer. A town's own fault is logged and counted: its message would
only fail again, and the sweep wakes what stays due.
"""

import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap, observability
from gastown.domain.errors import NotFound, Unavailable
from gastown.metrics import Metric
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.tick_report import TickReport
from gastown.workers.messages import Message, come_again, read_messages
from gastown.workers.tick_metrics import metrics_of

ROOM_MS = 6_000
"""A tick may need its 5 s of tries (design section 7); with less left, the rest of the batch comes again."""

log = observability.logger()


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Tick the towns of a batch; answers the messages that have to come again."""
    bootstrap.begin_work()
    towns: dict[str, list[Message]] = {}
    for message in read_messages(event, "town_id"):
        towns.setdefault(message.town_id, []).append(message)
    failed: list[Message] = []
    for town_id, messages in towns.items():
        if context.get_remaining_time_in_millis() < ROOM_MS or not _tick(bootstrap.reconciler(), town_id, messages):
            failed += messages
    return come_again(failed)


def _tick(reconciler: Reconciler, town_id: str, messages: list[Message]) -> bool:
    """Tick one town, event by event if a message comes again; false when its messages have to come again."""
    one_event = any(message.again for message in messages)
    with log.append_context_keys(town_id=town_id):
        began = time.perf_counter()
        try:
            report = reconciler.tick(town_id, one_event=one_event)
        except NotFound:
            log.info("tick.no_town")
        except Unavailable as fault:
            log.warning("tick.postponed", extra={"error": str(fault)})
            _measure(town_id, began, {Metric.TICKS_POSTPONED: 1})
            return False
        except Exception:
            log.exception("tick.failed")
            _measure(town_id, began, {Metric.TICKS_FAILED: 1})
        else:
            _measure(town_id, began, metrics_of(report), report.kinds)
            _tell(report)
    return True


def _measure(
    town_id: str, began: float, values: Mapping[Metric, float], kinds: Mapping[str, int] | None = None
) -> None:
    """One line for each tick, however it ended; `kinds` of actions and the town are no dimensions."""
    took = round((time.perf_counter() - began) * 1000, 1)
    about = {"town_id": town_id} | ({"kinds": kinds} if kinds else {})
    observability.measure({Metric.TICK_MS: took, **values}, about=about)


def _tell(report: TickReport) -> None:
    """One line for each tick that did something or went wrong."""
    if report.failures:
        log.error("tick.failures", extra={"failures": report.failures})
    for note in report.told:
        if note.type == Metric.PR_POLL_FAILED:
            observability.count(Metric.PR_POLL_FAILED, kind=str(note.new))
        log.info(note.type.replace("_", ".", 1), extra={"bead_id": note.bead_id, **note.metadata})
    if report.committed:
        fields = {"version": report.version, "events": report.events, "effects": report.effects}
        wake_at = report.wake_at.isoformat() if report.wake_at else None
        log.info("tick", extra={**fields, "actions": report.actions, "refused": report.refused, "wake_at": wake_at})
