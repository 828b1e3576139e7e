"""Why a thing stands where it stands: what it waits for, which rule touches it next, and when.

What it waits for is told from the same signs that the rules ask. The next rule is not told but tried: the rules run on
the present snapshot, now and at each moment at which one could fire by time alone, so this cannot disagree with them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime

from gastown.domain.bead import Bead
from gastown.domain.ids import RigId
from gastown.domain.limits import MAX_BATCH
from gastown.domain.patrolling import waiting_requests
from gastown.domain.review import Review
from gastown.domain.town import Entity, Town
from gastown.reconciler.actions import Action, LoseSession, OpenBatch, RefreshMayor, StartMayor
from gastown.reconciler.obstacles import obstacles_of
from gastown.reconciler.obstacles_in_talk import Obstacle
from gastown.reconciler.possibilities import people_can, people_could
from gastown.reconciler.rules import RULES
from gastown.reconciler.subjects import find_subject, kind_of, related, since_of, state_of, title_of
from gastown.reconciler.wake_ups import moments

LOOKS = 100
"""Moments that are tried at most; a town has a few for each thing that it waits for."""


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """What a rule will do about a thing if nothing else happens before."""

    rule: str
    action: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The whole answer; without a `next_step` only an event or a person moves the thing."""

    id: str
    kind: str
    rig_id: RigId | None
    title: str
    state: str
    since: datetime
    waits_for: list[Obstacle]
    next_step: NextStep | None = None
    next_look: datetime | None = None
    """When the town looks at everything again, this included; none while it sleeps until something happens."""
    ended_as: str | None = None
    """How and why it ended, if it has."""
    people_can: list[str] = field(default_factory=list)


Ahead = Iterable[tuple[set[str], NextStep]]
"""What rules will do, in order, each with the ids that it is about."""


def explain(town: Town, subject_id: str, now: datetime, ahead: Ahead | None = None) -> Explanation:
    """Explain a live bead of any kind, an agent or the mayor. Raises `NotFound`, also for what has ended.

    Who explains many things of one town at one moment looks ahead once (`look_ahead`) and passes that on.
    """
    subject = find_subject(town, subject_id)
    ids, steps = related(town, subject), look_ahead(town, now) if ahead is None else ahead
    return Explanation(
        id=subject.id,
        kind=kind_of(subject),
        rig_id=getattr(subject, "rig_id", None),
        title=title_of(subject),
        state=state_of(subject),
        since=since_of(subject),
        waits_for=list(obstacles_of(town, subject, now)),
        next_step=next((step for about, step in steps if about & ids), None),
        next_look=next_look(town, now),
        people_can=people_can(town, subject),
    )


def explain_ended(town: Town, ended: Entity) -> Explanation:
    """Explain what has ended: it waits for nothing, and no rule touches it again."""
    return Explanation(
        id=ended.id,
        kind=kind_of(ended),
        rig_id=getattr(ended, "rig_id", None),
        title=ended.title,
        state=state_of(ended),
        since=getattr(ended, "closed_at", None) or since_of(ended),
        waits_for=[],
        ended_as=_end_of(ended),
        people_can=people_could(town, ended),
    )


def _end_of(ended: Entity) -> str | None:
    match ended:
        case Bead():
            replaced = f"bead {ended.replaced_by} took its place" if ended.replaced_by else None
            said = (ended.outcome, ended.failure, replaced)
        case Review():
            merged = f"merged as {ended.receipt.commit_sha}" if ended.receipt else None
            said = (merged, ended.failure, None)
        case _:
            return None
    return "; ".join(part for part in said if part) or None


def next_look(town: Town, now: datetime) -> datetime | None:
    """When the town ticks next if nothing happens: at once if something waits already."""
    if town.inbox or any(job.is_due(now) for job in town.jobs.values()):
        return now
    committed = [max(town.wake_at, now)] if town.wake_at is not None else []
    return min([*committed, *moments(town, now)], default=None)


def look_ahead(town: Town, now: datetime) -> Iterator[tuple[set[str], NextStep]]:
    """What rules do now and by time alone, each run on the present snapshot."""
    for at in (now, *moments(town, now)[:LOOKS]):
        for rule in RULES:
            for action in rule(town, at):
                step = NextStep(rule=rule.__name__, action=type(action).__name__, reason=action.reason, at=at)
                yield about(town, action), step


def about(town: Town, action: Action) -> set[str]:
    """The ids of what an action is about: those that it names, and those that go without saying."""
    values = (getattr(action, part.name) for part in fields(action) if part.name != "reason")
    named = {value for value in values if isinstance(value, str)}
    if isinstance(action, StartMayor | LoseSession | RefreshMayor) and town.mayor is not None:
        named.add(town.mayor.id)
    if isinstance(action, OpenBatch):
        named |= {request.id for request in waiting_requests(town)[:MAX_BATCH]}
    return named
