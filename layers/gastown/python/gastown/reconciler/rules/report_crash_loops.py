"""Ask triage about agents whose runs keep coming to nothing."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.breaking import is_crash_loop
from gastown.domain.limits import MAX_CRASHES
from gastown.domain.town import Town
from gastown.reconciler.actions import ReportCrashLoop


def report_crash_loops(town: Town, _now: datetime) -> Iterator[ReportCrashLoop]:
    """Three in a row within half an hour; reporting begins the count anew, and so does a `done`."""
    for agent in town.agents.values():
        if is_crash_loop(agent):
            yield ReportCrashLoop(agent_id=agent.id, reason=f"{MAX_CRASHES} runs of {agent.name} came to nothing")
