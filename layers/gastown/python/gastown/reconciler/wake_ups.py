"""When a quiet town has to be looked at again: the earliest moment at which a rule could fire by time alone."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.breaking import breaker_until
from gastown.domain.container import ContainerState
from gastown.domain.convoy import ConvoyState
from gastown.domain.convoying import is_complete
from gastown.domain.limits import HEARTBEAT, IDLE_STOP, MERGE_REPORT_DEADLINE, SILENT_CONTAINER_STOP, STALE
from gastown.domain.nudging import expires_at, is_under_way, messages
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.warning import next_step_at
from gastown.reconciler.signs import (
    alive_at,
    green_until,
    heard_at,
    held_until,
    is_mayor_called,
    is_pollable,
    is_vouched,
    is_wanted,
    listeners,
    may_ask,
    may_claim,
    pushable,
    session_alive_at,
    startable_work,
)
from gastown.reconciler.troubles import freed_at, is_watched, overdue_at, steps_ahead, wants_batch


def next_wake_up(town: Town, now: datetime) -> datetime | None:
    """The earliest future moment that matters, or none: then the town sleeps until something happens."""
    return min(moments(town, now), default=None)


def moments(town: Town, now: datetime) -> list[datetime]:
    """Every future moment at which a rule could fire by time alone, earliest first."""
    return sorted({moment for moment in _moments(town, now) if moment > now})


def _moments(town: Town, now: datetime) -> Iterator[datetime]:
    yield from _container_moments(town, now)
    yield from _run_moments(town)
    yield from _queue_moments(town, now)
    yield from _merge_moments(town)
    yield from _mayor_moments(town)
    yield from _message_moments(town)
    yield from _trouble_moments(town)
    yield from (
        convoy.not_before
        for convoy in town.convoys.values()
        if convoy.not_before
        and convoy.state is ConvoyState.ACTIVE
        and not convoy.landing_waits_for_person
        and town.landing_of(convoy.id) is None
        and is_complete(town, convoy)
    )


def _container_moments(town: Town, now: datetime) -> Iterator[datetime]:
    container = town.container
    wanted = is_wanted(town, now)
    if container.state is not ContainerState.NONE and container.deadline is not None:
        yield container.deadline
    if container.state is ContainerState.NONE and container.not_before is not None and wanted and may_claim(town):
        yield container.not_before
    if container.state is ContainerState.READY and container.idle_since is not None and not wanted:
        yield container.idle_since + IDLE_STOP
    yield from _silence_moments(town, now, wanted=wanted)


def _silence_moments(town: Town, now: datetime, *, wanted: bool) -> Iterator[datetime]:
    """A container that is heard again says so to nobody, so a silent one is looked at each heartbeat period."""
    heard = heard_at(town)
    if heard is None:
        return
    if is_vouched(town):
        yield heard + SILENT_CONTAINER_STOP
    if wanted and town.container.suspected_at is None:
        yield heard + STALE
        if now - heard >= STALE:
            yield now + HEARTBEAT


def _run_moments(town: Town) -> Iterator[datetime]:
    if not is_watched(town):
        return
    for agent in town.agents.values():
        if (alive := alive_at(town, agent)) is not None:
            yield alive + STALE


def _queue_moments(town: Town, now: datetime) -> Iterator[datetime]:
    """When a backoff is over, and the breaker if it is open; and five minutes before, to have a container there."""
    for work in startable_work(town):
        if (end := held_until(town, now, work)) is not None:
            yield end
            yield end - IDLE_STOP
    yield from _hooked_moments(town, now)


def _hooked_moments(town: Town, now: datetime) -> Iterator[datetime]:
    """A bead that was given to another agent waits, hooked, until its cancelled run is 15 s ago."""
    closes, ready = breaker_until(town, now), is_watched(town)
    for agent in town.agents.values():
        if agent.hook is None or agent.open_run is not None:
            continue
        if closes is not None:
            yield closes - IDLE_STOP
        bead = town.beads.get(agent.hook)
        own = bead.not_before if bead is not None and town.is_ready(bead) else None
        ends = [end for end in (closes, own) if end is not None]
        if ready and ends:
            yield max(ends)


def _trouble_moments(town: Town) -> Iterator[datetime]:
    for escalation in town.escalations.values():
        if (due := next_step_at(escalation)) is not None:
            yield due
    if town.triage_not_before is not None and wants_batch(town):
        yield town.triage_not_before
    if not is_watched(town):
        return
    for agent in town.agents.values():
        yield from (moment for moment, _ in steps_ahead(town, agent))
        yield from (end for end in (freed_at(agent), overdue_at(town, agent)) if end is not None)


def _merge_moments(town: Town) -> Iterator[datetime]:
    for review in town.reviews.values():
        yield from _pull_moments(town, review)
        if review.phase is not ReviewPhase.MERGING:
            continue
        if review.not_before is not None:
            yield review.not_before
        if review.merge_command and review.merge_asked_at:
            yield review.merge_asked_at + MERGE_REPORT_DEADLINE


def _pull_moments(town: Town, review: Review) -> Iterator[datetime]:
    """When its provider is asked again; an outstanding ask ends by its effect, whose lease is waited for elsewhere."""
    if (ends := green_until(town, review)) is not None:
        yield ends
    opens = may_ask(review) and review.watch.url is None
    if (opens or is_pollable(town, review)) and review.watch.next_at is not None:
        yield review.watch.next_at


def _mayor_moments(town: Town) -> Iterator[datetime]:
    mayor, container = town.mayor, town.container
    if mayor is None:
        return
    if mayor.open_session is None and mayor.not_before is not None and is_mayor_called(town):
        yield mayor.not_before
        yield mayor.not_before - IDLE_STOP
    alive = session_alive_at(town)
    if alive is not None and container.state is ContainerState.READY and container.suspected_at is None:
        yield alive + STALE


def _message_moments(town: Town) -> Iterator[datetime]:
    for message in messages(town):
        if (end := expires_at(message)) is not None and not is_under_way(town, message):
            yield end
    for agent_id, _ in listeners(town):
        yield from (m.not_before for m in pushable(town, agent_id) if m.not_before is not None)
