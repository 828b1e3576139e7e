"""When a quiet town has to be looked at again: the earliest moment at which a rule could fire by time alone."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.container import ContainerState
from gastown.domain.convoy import ConvoyState
from gastown.domain.convoying import is_complete
from gastown.domain.hooking import has_slot
from gastown.domain.limits import HEARTBEAT, IDLE_STOP, MERGE_REPORT_DEADLINE, SILENT_CONTAINER_STOP, STALE
from gastown.domain.nudging import expires_at, is_under_way, messages
from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from gastown.reconciler.signs import (
    alive_at,
    assignable_beads,
    assignable_reviews,
    heard_at,
    is_mayor_called,
    is_refinery_free,
    is_vouched,
    is_wanted,
    listeners,
    pushable,
    session_alive_at,
)


def next_wake_up(town: Town, now: datetime) -> datetime | None:
    """The earliest future moment that matters, or none: then the town sleeps until something happens."""
    return min(moments(town, now), default=None)


def moments(town: Town, now: datetime) -> list[datetime]:
    """Every future moment at which a rule could fire by time alone, earliest first."""
    return sorted({moment for moment in _moments(town, now) if moment > now})


def _moments(town: Town, now: datetime) -> Iterator[datetime]:
    yield from _container_moments(town, now)
    yield from _run_moments(town)
    yield from _queue_moments(town)
    yield from _merge_moments(town)
    yield from _mayor_moments(town)
    yield from _message_moments(town)
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
    if container.state is ContainerState.NONE and container.not_before is not None and wanted:
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
    if town.container.state is not ContainerState.READY or town.container.suspected_at is not None:
        return
    for agent in town.agents.values():
        if (alive := alive_at(town, agent)) is not None:
            yield alive + STALE


def _queue_moments(town: Town) -> Iterator[datetime]:
    for bead in assignable_beads(town):
        if bead.not_before is not None and has_slot(town, bead.rig_id):
            yield bead.not_before
            yield bead.not_before - IDLE_STOP
    yield from _hooked_moments(town)
    for review in assignable_reviews(town):
        if review.not_before is not None and is_refinery_free(town, review):
            yield review.not_before
            yield review.not_before - IDLE_STOP


def _hooked_moments(town: Town) -> Iterator[datetime]:
    """A bead that was given to another agent waits, hooked, until its cancelled run is 15 s ago."""
    if town.container.state is not ContainerState.READY or town.container.suspected_at is not None:
        return
    for agent in town.agents.values():
        bead = town.beads.get(agent.hook) if agent.hook is not None and agent.open_run is None else None
        if bead is not None and bead.not_before is not None and town.is_ready(bead):
            yield bead.not_before


def _merge_moments(town: Town) -> Iterator[datetime]:
    for review in town.reviews.values():
        if review.phase is not ReviewPhase.MERGING:
            continue
        if review.not_before is not None:
            yield review.not_before
        if review.merge_command and review.merge_asked_at:
            yield review.merge_asked_at + MERGE_REPORT_DEADLINE


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
