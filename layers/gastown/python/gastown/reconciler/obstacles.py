"""What stands in the way of a thing: a person, a blocker, a backoff, a slot, the container, its agent, its review."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.agent import Agent
from gastown.domain.attempts import MERGES
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.breaking import breaker_until
from gastown.domain.convoy import Convoy, ConvoyState, FeatureBranch
from gastown.domain.convoying import is_complete
from gastown.domain.hooking import has_slot
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.reconciler.obstacles_in_talk import Obstacle, container_obstacle, obstacles_in_talk
from gastown.reconciler.signs import (
    alive_at,
    green_until,
    has_attempts,
    is_refinery_free,
    is_responsive,
    is_review_ready,
    waits_until,
)
from gastown.reconciler.subjects import Subject


def obstacles_of(town: Town, subject: Subject, now: datetime) -> Iterator[Obstacle]:
    """Everything that a thing waits for at this moment; none means that the next tick moves it."""
    match subject:
        case Bead():
            yield from _of_bead(town, subject, now)
        case Review():
            yield from _of_review(town, subject, now)
        case Convoy():
            yield from _of_convoy(town, subject, now)
        case Agent():
            yield from _of_agent(town, subject, now)
        case _:
            yield from obstacles_in_talk(town, subject, now)


def _of_bead(town: Town, bead: Bead, now: datetime) -> Iterator[Obstacle]:
    if bead.status is BeadStatus.IN_REVIEW:
        review = town.review_of(bead.id)
        if review is not None:
            yield Obstacle(what="review", detail=f"its review is {review.phase}", id=review.id)
    elif bead.assignee is not None:
        yield from _of_agent(town, town.agents[bead.assignee], now)
    else:
        yield from _of_queued_bead(town, bead, now)


def _of_queued_bead(town: Town, bead: Bead, now: datetime) -> Iterator[Obstacle]:
    if bead.is_held:
        yield Obstacle(what="person", detail="it is held until somebody starts it")
    convoy = town.convoys.get(bead.convoy_id) if bead.convoy_id else None
    if convoy is not None:
        yield from _of_its_convoy(convoy)
    if town.is_leaving(bead.rig_id):
        yield Obstacle(what="rig", detail="its rig is being removed", id=bead.rig_id)
    for blocker in town.blocked_by(bead):
        known = town.beads.get(blocker) or town.stubs.get(blocker)
        detail = f"{known.title!r} is {known.status}" if known else "it is not known any more"
        yield Obstacle(what="blocker", detail=detail, id=blocker)
    if not has_attempts(town, bead):
        yield Obstacle(what="attempts", detail=f"{bead.attempts} starts came to nothing")
    if (until := waits_until(bead, now)) is not None:
        yield Obstacle(what="backoff", detail="it waits after its last start", until=until)
    yield from _of_breaker(town, now)
    if not has_slot(town, bead.rig_id):
        limit = town.rules_for(bead.rig_id).max_polecats
        yield Obstacle(what="slot", detail=f"all {limit} polecats of its rig are busy", id=bead.rig_id)


def _of_its_convoy(convoy: Convoy) -> Iterator[Obstacle]:
    if convoy.state is not ConvoyState.ACTIVE:
        yield Obstacle(what="person", detail=f"its convoy is {convoy.state}", id=convoy.id)
    if convoy.branch is FeatureBranch.ASKED:
        yield Obstacle(what="branch", detail=f"{convoy.feature_branch} is being made on the remote", id=convoy.id)


def _of_review(town: Town, review: Review, now: datetime) -> Iterator[Obstacle]:
    match review.phase:
        case ReviewPhase.QUEUED if review.assignee is None:
            yield from _of_queued_review(town, review, now)
        case ReviewPhase.QUEUED | ReviewPhase.REVIEWING if review.assignee is not None:
            yield from _of_agent(town, town.agents[review.assignee], now)
        case ReviewPhase.FIXING:
            for fix in town.fixes_of(review.id):
                yield Obstacle(what="fix", detail=f"{fix.title!r} is {fix.status}", id=fix.id)
        case ReviewPhase.WATCHING:
            yield from _of_watched(town, review, now)
        case ReviewPhase.MERGING:
            yield from _of_merge(town, review, now)
        case _:
            return


def _of_queued_review(town: Town, review: Review, now: datetime) -> Iterator[Obstacle]:
    if review.strategy is MergeStrategy.PR and review.watch.url is None:
        yield _unopened(review, now)
    elif not is_review_ready(town, review):
        yield Obstacle(what="person", detail="its convoy is stopped, or its rig is being removed", id=review.convoy_id)
    if (until := waits_until(review, now)) is not None:
        yield Obstacle(what="backoff", detail="it waits after its last start", until=until)
    yield from _of_breaker(town, now)
    refinery = town.refinery_of(review.rig_id)
    if refinery is not None and not is_refinery_free(town, review):
        yield Obstacle(what="refinery", detail=f"the refinery is on {refinery.hook}", id=refinery.id)


def _next_ask(review: Review, now: datetime) -> datetime | None:
    """When its provider is asked next, if it is not being asked at this moment."""
    later = review.watch.next_at
    return later if later is not None and later > now and not review.watch.is_asked else None


def _unopened(review: Review, now: datetime) -> Obstacle:
    said = f"; the last answer: {review.watch.said}" if review.watch.said else ""
    return Obstacle(what="pull_request", detail=f"its pull request is being opened{said}", until=_next_ask(review, now))


def _of_watched(town: Town, review: Review, now: datetime) -> Iterator[Obstacle]:
    watch = review.watch
    if watch.url is None:
        yield _unopened(review, now)
        return
    until = _next_ask(review, now)
    if watch.is_asked and watch.asked_at is not None:
        yield Obstacle(what="provider", detail=f"its provider was asked at {watch.asked_at:%H:%M:%S}", id=watch.url)
    elif watch.said or not watch.held_by:
        yield Obstacle(what="provider", detail=watch.said or "it is looked at again", id=watch.url, until=until)
    for held in watch.held_by:
        yield Obstacle(what="pull_request", detail=held, id=watch.url, until=until)
    if (ends := green_until(town, review)) is not None:
        yield Obstacle(what="grace", detail="it is green, and has to stay so for a while", until=ends)
    elif MERGES.is_over(review.merge_tries):
        yield Obstacle(what="person", detail=f"{review.merge_tries} merges failed; merge it by hand", id=watch.url)
    elif watch.green_since is not None and town.rules_for(review.rig_id).merge_delay is None:
        yield Obstacle(what="person", detail="it is green; the settings leave its merge to a person", id=watch.url)


def _of_merge(town: Town, review: Review, now: datetime) -> Iterator[Obstacle]:
    if review.watch.is_merging and review.watch.asked_at is not None:
        yield Obstacle(what="merge", detail=f"its provider was asked at {review.watch.asked_at:%H:%M:%S} to merge it")
    elif review.merge_command is not None and review.merge_asked_at is not None:
        yield Obstacle(what="merge", detail=f"the container was asked at {review.merge_asked_at:%H:%M:%S} to merge it")
    elif not is_responsive(town, now):
        yield container_obstacle(town)
    if (until := waits_until(review, now)) is not None:
        yield Obstacle(what="backoff", detail="the last merge did not come through", until=until)


def _of_convoy(town: Town, convoy: Convoy, now: datetime) -> Iterator[Obstacle]:
    if convoy.state is not ConvoyState.ACTIVE:
        yield Obstacle(what="person", detail=f"it is {convoy.state}")
        return
    if not is_complete(town, convoy):
        for bead_id in convoy.beads:
            known = town.beads.get(bead_id) or town.stubs.get(bead_id)
            if known is not None and known.status is not BeadStatus.CLOSED:
                yield Obstacle(what="bead", detail=f"{known.title!r} is {known.status}", id=bead_id)
    elif (landing := town.landing_of(convoy.id)) is not None:
        yield Obstacle(what="landing", detail=f"its landing review is {landing.phase}", id=landing.id)
    elif convoy.landing_waits_for_person:
        yield Obstacle(what="person", detail="it cannot land by itself; its escalation says why")
    elif convoy.not_before is not None and convoy.not_before > now:
        yield Obstacle(what="backoff", detail="its last landing failed", until=convoy.not_before)


def _of_agent(town: Town, agent: Agent, now: datetime) -> Iterator[Obstacle]:
    if agent.hook is None:
        yield Obstacle(what="work", detail=f"{agent.name} has nothing to do")
    elif agent.open_run is not None:
        alive = alive_at(town, agent)
        heard = f", last heard at {alive:%H:%M:%S}" if alive else ""
        doing = f"{agent.name} is {agent.status} in run {agent.dispatch}{heard}"
        yield Obstacle(what="agent", detail=doing, id=agent.id)
    else:
        yield from _of_breaker(town, now)
        held = town.beads.get(agent.hook) or town.reviews.get(agent.hook)
        if not is_responsive(town, now):
            yield container_obstacle(town)
        if held is not None and (until := waits_until(held, now)) is not None:
            yield Obstacle(what="backoff", detail="it waits after its last start", until=until)


def _of_breaker(town: Town, now: datetime) -> Iterator[Obstacle]:
    if (closes := breaker_until(town, now)) is not None:
        yield Obstacle(what="breaker", detail="too many runs came to nothing lately", until=closes)
