"""Runs that come to nothing: counted for their agent (crash loops) and for the town (the dispatch breaker).

The breaker counts failures, not starts (design section 9, row 9): twenty healthy agents trip nothing.
"""

from datetime import datetime

from gastown.domain.agent import Agent, RunEnd
from gastown.domain.asking import works_on_triage
from gastown.domain.escalation import Severity
from gastown.domain.ids import Moment
from gastown.domain.limits import BREAKER_FAILURES, BREAKER_WINDOW, CRASH_WINDOW, MAX_CRASHES
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation

FAILED = frozenset({RunEnd.LOST, RunEnd.COMPLETED, RunEnd.REFUSED})
CRASHED = frozenset({RunEnd.LOST, RunEnd.COMPLETED})


def record_failure(town: Town, agent: Agent, how: RunEnd, moment: Moment) -> None:
    """Remember that an agent's run is about to end without a result (0 to 3 items); other ends are no failures."""
    if how in CRASHED and not works_on_triage(town, agent):
        agent.crashes = [*agent.crashes, moment.now][-MAX_CRASHES:]
    if how not in FAILED:
        return
    was_open = breaker_until(town, moment.now) is not None
    town.failed_starts = [*town.failed_starts, moment.now][-BREAKER_FAILURES:]
    until = breaker_until(town, moment.now)
    if until is not None and not was_open:
        raise_escalation(
            town,
            moment,
            cause="dispatch_breaker",
            severity=Severity.HIGH,
            title="Nothing is started for a while: too many runs fail",
            message=f"{BREAKER_FAILURES} runs came to nothing within {BREAKER_WINDOW.seconds // 60} minutes. "
            f"Starts go on at {until:%H:%M:%S} UTC at the earliest; look for what they have in common.",
        )


def breaker_until(town: Town, now: datetime) -> datetime | None:
    """When the open breaker closes if nothing more fails; none while it is closed."""
    if len(town.failed_starts) < BREAKER_FAILURES:
        return None
    closes = town.failed_starts[-BREAKER_FAILURES] + BREAKER_WINDOW
    return closes if closes > now else None


def is_crash_loop(agent: Agent) -> bool:
    """Whether an agent's last three runs came to nothing in a row, within half an hour."""
    return len(agent.crashes) >= MAX_CRASHES and agent.crashes[-1] - agent.crashes[-MAX_CRASHES] <= CRASH_WINDOW
