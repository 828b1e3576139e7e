"""Why a thing stands where it stands: what it waits for, which rule touches it next, and when.

What it waits for is told from the same signs that the rules ask. The next rule is not told but tried: the rules run on
the present snapshot, now and at each moment at which one could fire by time alone, so this cannot disagree with them.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime

from gastown.domain.agent import Agent
from gastown.domain.bead import Bead
from gastown.domain.convoy import Convoy
from gastown.domain.errors import NotFound
from gastown.domain.ids import AgentId, BeadId
from gastown.domain.review import Review
from gastown.domain.town import Town
from gastown.reconciler.actions import Action
from gastown.reconciler.obstacles import Obstacle, obstacles_of
from gastown.reconciler.rules import RULES
from gastown.reconciler.wake_ups import moments

Subject = Bead | Review | Convoy | Agent
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
    title: str
    state: str
    since: datetime
    waits_for: list[Obstacle]
    next_step: NextStep | None
    next_look: datetime | None
    people_can: list[str] = field(default_factory=list)


def explain(town: Town, subject_id: str, now: datetime) -> Explanation:
    """Explain a live bead, review, convoy or agent. Raises `NotFound`, also for what has ended."""
    subject = find_subject(town, subject_id)
    return Explanation(
        id=subject.id,
        kind=type(subject).__name__.lower(),
        title=subject.name if isinstance(subject, Agent) else subject.title,
        state=state_of(subject),
        since=since_of(subject),
        waits_for=list(obstacles_of(town, subject, now)),
        next_step=next_step(town, related(town, subject), now),
        next_look=min((at for at in moments(town, now)), default=None),
        people_can=people_can(subject),
    )


def find_subject(town: Town, subject_id: str) -> Subject:
    """The live bead, review, convoy or agent of this id. Raises `NotFound`."""
    bead, agent = BeadId(subject_id), AgentId(subject_id)
    found = town.beads.get(bead) or town.reviews.get(bead) or town.convoys.get(bead) or town.agents.get(agent)
    if found is None:
        raise NotFound(f"Nothing live has the id {subject_id}")
    return found


def state_of(subject: Subject) -> str:
    """Its state in its own machine's words."""
    match subject:
        case Bead():
            return f"{subject.status} + hook" if subject.status == "open" and subject.assignee else str(subject.status)
        case Review():
            return str(subject.phase)
        case Convoy():
            return str(subject.state)
        case Agent():
            return f"{subject.status} + hook" if subject.status == "idle" and subject.hook else str(subject.status)


def since_of(subject: Subject) -> datetime:
    """Since when it stands there."""
    if isinstance(subject, Agent):
        run = subject.open_run
        return run.asked_at if run else subject.hooked_at or subject.last_activity_at or subject.created_at
    return subject.updated_at


def related(town: Town, subject: Subject) -> set[str]:
    """The ids by which actions about it name it: its own, and of who is on it or what it is on."""
    match subject:
        case Bead():
            review = town.review_of(subject.id)
            return {subject.id, subject.assignee or "", review.id if review else ""} - {""}
        case Review():
            return {subject.id, subject.assignee or ""} - {""}
        case Convoy():
            landing = town.landing_of(subject.id)
            return {subject.id, landing.id if landing else ""} - {""}
        case Agent():
            return {subject.id, subject.hook or ""} - {""}


def next_step(town: Town, ids: set[str], now: datetime) -> NextStep | None:
    """The first thing that a rule does about any of these ids, now or by time alone."""
    for at in (now, *moments(town, now)[:LOOKS]):
        for rule in RULES:
            for action in rule(town, at):
                if names(action) & ids:
                    return NextStep(rule=rule.__name__, action=type(action).__name__, reason=action.reason, at=at)
    return None


def names(action: Action) -> set[str]:
    """The ids that an action names."""
    values = (getattr(action, part.name) for part in fields(action) if part.name != "reason")
    return {value for value in values if isinstance(value, str)}


def people_can(subject: Subject) -> list[str]:
    """What a person can do about it at this moment, as the routes' last words."""
    match subject:
        case Bead():
            held = ["start"] if subject.is_held else []
            return [*held, "edit", "reset", "reassign", "close", "delete"] if not subject.is_fix else ["close", "reset"]
        case Review():
            return ["close its bead", "stop its convoy"]
        case Convoy():
            start = ["start"] if subject.state in ("staged", "stopped") else []
            return [*start, "add-bead", "remove-bead", "close"]
        case Agent():
            return ["nudge", "mail", "reset", "reset-attempts", "delete"]
