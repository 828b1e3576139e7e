"""The sweep: wake towns that are overdue, because a wake or an alarm was lost, and help towns that are half made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from gastown.domain.errors import Unavailable
from gastown.ports.life_cycle import LifeCycle
from gastown.usecases.unit_of_work import UnitOfWork

GRACE = timedelta(seconds=10)
"""A town is overdue when the tick that was asked for has had this long; an alarm may be late by a second or two."""

PATIENCE = timedelta(minutes=2)
"""The life cycle function's own time limit: until then somebody may still be at it."""

TOWNS = 1000
"""Towns woken by one sweep at most; the next one comes in a minute."""

UNDER_WAY = ("creating", "deleting")


@dataclass(kw_only=True)
class SweepReport:
    """What one sweep found; all of it should be empty."""

    overdue: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def sweep(uow: UnitOfWork, life_cycle: LifeCycle) -> SweepReport:
    """Wake what is overdue and advance what is stuck; one that cannot be reached stops no other."""
    report, now = SweepReport(), uow.now()
    for town_id in uow.directory.due_towns(now - GRACE, TOWNS):
        report.overdue.append(town_id)
        with _noted(report, town_id):
            uow.wake_queue.wake(town_id, cause="sweep", dedup=f"sweep-{now:%Y%m%d%H%M}")
    for row in (row for state in UNDER_WAY for row in uow.directory.towns_in_state(state)):
        if row.updated_at <= now - PATIENCE:
            report.stuck.append(row.town_id)
            with _noted(report, row.town_id):
                life_cycle.advance(row.town_id)
    return report


@contextmanager
def _noted(report: SweepReport, town_id: str) -> Iterator[None]:
    try:
        yield
    except Unavailable as fault:
        report.failed.append(f"{town_id}: {fault}")
