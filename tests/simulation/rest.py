"""When a tick is over: quiet (14), a reason for whatever waits (13), no effect forgotten (15), no wake-up missed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.breaking import breaker_until
from gastown.domain.container import ContainerState
from gastown.domain.convoy import ConvoyState, FeatureBranch
from gastown.domain.nudging import messages
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.reconciler.decide import decide
from gastown.reconciler.explain import explain, look_ahead
from gastown.reconciler.subjects import Subject
from gastown.reconciler.wake_ups import next_wake_up

if TYPE_CHECKING:
    from tests.simulation.world import World

Complaints = Iterator[tuple[int, str]]
LEASE = timedelta(seconds=60)
A_BLINK = timedelta(milliseconds=1)
FAR = (timedelta(minutes=7), timedelta(hours=5), timedelta(days=3))
EXPLAINED = 0.03
"""How often explanations are compared with a town at rest."""

HOPS = 40
"""A town that wakes more often than this without anything to do has a polling loop."""


def check_rest(world: "World", town: Town, now: datetime) -> Complaints:
    """All that has to be true of a town at rest."""
    yield from _effects(town, now)
    if any(job.is_due(now) for job in town.jobs.values()):
        return
    if actions := decide(town, now):
        yield 14, f"not quiet after its tick: {actions[0]}"
        return
    yield from _wake_up(world, town, now)
    for bead in town.beads.values():
        yield from _waits(town, now, bead, _reason(town, now, bead))
    for review in town.reviews.values():
        yield from _waits(town, now, review, _review_reason(town, now, review))


def _effects(town: Town, now: datetime) -> Complaints:
    """Each effect that waits is announced again soon after its lease."""
    for effect in town.effects.values():
        end = (effect.lease_until or effect.created_at) + timedelta(seconds=1) + LEASE
        latest = max(end, now + LEASE)
        if town.wake_at is None or town.wake_at > latest:
            yield 15, f"effect {effect.kind} waits, and nobody wakes the town for it before {town.wake_at}"


def _wake_up(world: "World", town: Town, now: datetime) -> Complaints:
    """Before `wake_at` nothing can be decided; the town does not wake for nothing again and again."""
    at = next_wake_up(town, now)
    stream = world.luck.stream("samples")
    samples = [now + far for far in FAR] if at is None else [at - A_BLINK, now + (at - now) * stream.random()]
    for sample in samples:
        if now < sample and (at is None or sample < at) and (actions := decide(town, sample)):
            yield 14, f"a missed wake-up: {actions[0]} at {sample}, and the town sleeps until {at}"
    if at is not None and (town.wake_at is None or town.wake_at > at):
        yield 14, f"the rules want to wake at {at}, and the town sleeps until {town.wake_at}"
    if stream.random() < 0.1:
        yield from _no_loop(town, at)
    if stream.random() < EXPLAINED:
        yield from _unexplained(town, now)


def _no_loop(town: Town, at: datetime | None) -> Complaints:
    for _ in range(HOPS):
        if at is None or decide(town, at):
            return
        at = next_wake_up(town, at)
    yield 14, f"the town wakes again and again for nothing, {HOPS} times until {at}"


def _unexplained(town: Town, now: datetime) -> Complaints:
    """At rest nothing moves by itself, so `explain` has to name what everything waits for."""
    ahead = list(look_ahead(town, now))
    subjects: list[Subject] = [*town.live_beads(), *messages(town), *town.agents.values()]
    for subject in [*subjects, *([town.mayor] if town.mayor else [])]:
        told = explain(town, subject.id, now, ahead)
        if not told.waits_for:
            yield 13, f"{told.kind} {told.title!r} is {told.state}, and explain names nothing that it waits for"
        if any(obstacle.until is not None and obstacle.until < now for obstacle in told.waits_for):
            yield 13, f"explain has {told.title!r} wait for what has passed: {told.waits_for}"


def _waits(town: Town, now: datetime, work: Bead | Review, reason: str | datetime | None) -> Complaints:
    if reason is None:
        yield 13, f"{work.title} waits for nothing"
    elif isinstance(reason, datetime) and (town.wake_at is None or town.wake_at > max(reason, now + A_BLINK)):
        yield 13, f"{work.title} waits until {reason}, and the town sleeps until {town.wake_at}"


def _container_reason(town: Town) -> str | datetime | None:
    """Why hooked work is not under way: the container is on its way, silent, or has to wait itself."""
    container = town.container
    if container.state is ContainerState.NONE:
        return container.not_before
    if container.state is not ContainerState.READY:
        return container.deadline or "container"
    pulse = town.pulses.get(container.generation)
    heard = max(t for t in (container.registered_at, pulse.at if pulse else None) if t is not None)
    silent = town.committed_at is not None and town.committed_at - heard >= timedelta(seconds=80)
    return "silent" if container.suspected_at is not None or silent else None


def _reason(town: Town, now: datetime, bead: Bead) -> str | datetime | None:
    if bead.status in (BeadStatus.IN_PROGRESS, BeadStatus.IN_REVIEW):
        return "agent or review"
    convoy = town.convoys.get(bead.convoy_id) if bead.convoy_id else None
    if bead.is_held or (convoy is not None and convoy.state is not ConvoyState.ACTIVE) or town.is_leaving(bead.rig_id):
        return "person"
    if convoy is not None and convoy.branch is FeatureBranch.ASKED:
        asks = [e for e in town.effects.values() if e.arguments.get("convoy_id") == convoy.id]
        return "branch" if any(e.kind == "make_branch" for e in asks) else None
    known = [town.status_of(blocker) for blocker in bead.blockers]
    released = town.config.failed_blockers == "release"
    if any(s not in (None, BeadStatus.CLOSED) and not (released and s is BeadStatus.FAILED) for s in known):
        return "blocker"
    broken = breaker_until(town, now)
    later = bead.not_before if bead.not_before is not None and bead.not_before > now else None
    if broken is not None:
        return max(broken, later or broken)
    if bead.assignee is not None:
        return _container_reason(town) or later
    return later if _has_place(town, bead) else "place"


def _has_place(town: Town, bead: Bead) -> bool:
    polecats = [a for a in town.agents.values() if a.rig_id == bead.rig_id and a.role == "polecat" and a.hook]
    return len(polecats) < town.rules_for(bead.rig_id).max_polecats


def _review_reason(town: Town, now: datetime, review: Review) -> str | datetime | None:
    convoy = town.convoys.get(review.convoy_id) if review.convoy_id else None
    if town.is_leaving(review.rig_id) or (convoy is not None and convoy.state is not ConvoyState.ACTIVE):
        return "person"
    match review.phase:
        case ReviewPhase.REVIEWING:
            return "refinery" if review.assignee else None
        case ReviewPhase.FIXING:
            return "fix" if any(bead.parent_id == review.id for bead in town.beads.values()) else None
        case ReviewPhase.QUEUED:
            return _queue_reason(town, now, review)
        case _ if review.strategy is MergeStrategy.PR:
            return _ask_reason(town, review)
        case _:
            if review.not_before is not None and review.not_before > now:
                return review.not_before
            return "merge" if review.merge_command in town.commands else _container_reason(town)


def _ask_reason(town: Town, review: Review) -> str | datetime | None:
    """What a review waits for whose provider is asked: the answer, or the moment of the next ask."""
    if review.watch.asked_at is not None:
        asks = [e for e in town.effects.values() if e.arguments.get("review_id") == review.id]
        return "answer" if any(e.arguments["ask"] == review.watch.asks for e in asks) else None
    return review.watch.next_at


def _queue_reason(town: Town, now: datetime, review: Review) -> str | datetime | None:
    if review.strategy is MergeStrategy.PR and review.watch.url is None:
        return _ask_reason(town, review)
    broken = breaker_until(town, now)
    if broken is not None:
        return max(broken, review.not_before or broken)
    if review.assignee is not None:
        return _container_reason(town)
    refinery = next((a for a in town.agents.values() if a.rig_id == review.rig_id and a.role == "refinery"), None)
    if refinery is not None and (refinery.hook is not None or refinery.open_run is not None):
        return "refinery"
    return review.not_before if review.not_before is not None and review.not_before > now else None
