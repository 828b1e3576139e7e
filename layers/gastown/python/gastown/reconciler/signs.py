"""What rules ask about a town at a moment: who is alive, what is wanted, what has room."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.agent import Agent, AgentStatus
from gastown.domain.attempts import ALL_STARTS, CONTAINERS, MERGES, PUSHES, SESSIONS
from gastown.domain.bead import Bead
from gastown.domain.breaking import breaker_until
from gastown.domain.container import ContainerState
from gastown.domain.conversing import has_words
from gastown.domain.convoy import ConvoyState
from gastown.domain.hooking import has_slot
from gastown.domain.ids import AgentId
from gastown.domain.limits import IDLE_STOP, STALE
from gastown.domain.mail import Mail
from gastown.domain.nudge import Nudge, NudgeMode
from gastown.domain.nudging import is_under_way, mail_of, nudges_of
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town


def alive_at(town: Town, agent: Agent) -> datetime | None:
    """The last sign of life of the agent's open run: asked for, accepted, or its own pulse; none without a run."""
    run = agent.open_run
    if run is None:
        return None
    signs = (run.asked_at, run.accepted_at, town.pulse_of(agent))
    return max(sign for sign in signs if sign is not None)


def session_alive_at(town: Town) -> datetime | None:
    """The last sign of life of the mayor's open session; none without one."""
    mayor = town.mayor
    if mayor is None or mayor.open_session is None:
        return None
    session = mayor.open_session
    signs = (session.asked_at, session.accepted_at, town.pulse_for(mayor.id, session.dispatch))
    return max(sign for sign in signs if sign is not None)


def is_mayor_called(town: Town) -> bool:
    """Whether somebody waits for the mayor, and its sessions have not failed too often."""
    mayor = town.mayor
    if mayor is None or SESSIONS.is_over(mayor.attempts):
        return False
    return mayor.is_wanted or has_words(town, mayor)


def listeners(town: Town) -> Iterator[tuple[AgentId, int]]:
    """Who runs and can be spoken to, with the number of the run: agents, and the mayor."""
    for agent in town.agents.values():
        if agent.open_run is not None and agent.open_run.accepted_at is not None:
            yield agent.id, agent.dispatch
    mayor = town.mayor
    if mayor is not None and mayor.open_session is not None and mayor.open_session.accepted_at is not None:
        yield mayor.id, mayor.dispatch


def pushable(town: Town, agent_id: AgentId) -> list[Nudge | Mail]:
    """What may be pushed to a running agent, in order; nothing while a command of this kind is under way."""
    waiting: list[Nudge | Mail] = [n for n in nudges_of(town, agent_id) if n.mode is not NudgeMode.QUEUE]
    waiting += mail_of(town, agent_id)
    if any(is_under_way(town, message) for message in waiting):
        return []
    return [message for message in waiting if not PUSHES.is_over(message.tries)]


def heard_at(town: Town) -> datetime | None:
    """When the current container was last heard: its registration or its last pulse; none unless it is ready."""
    if town.container.state is not ContainerState.READY or town.container.registered_at is None:
        return None
    pulse = town.pulses.get(town.container.generation)
    return max(town.container.registered_at, pulse.at) if pulse else town.container.registered_at


def is_responsive(town: Town, now: datetime) -> bool:
    """Whether the container is ready, not suspected, and was heard within 90 s."""
    heard = heard_at(town)
    return heard is not None and town.container.suspected_at is None and now - heard < STALE


def is_vouched(town: Town) -> bool:
    """Whether ECS has been asked about the present silence and said that the task runs."""
    heard, vouched = heard_at(town), town.container.vouched_at
    return heard is not None and vouched is not None and vouched >= heard


def has_attempts(town: Town, bead: Bead) -> bool:
    """Whether a bead may be started once more."""
    return _may_start(bead, town.rules_for(bead.rig_id).max_attempts)


def _may_start(bead: Bead, limit: int) -> bool:
    return bead.attempts < limit and not ALL_STARTS.is_over(bead.total_attempts)


def assignable_beads(town: Town) -> Iterator[Bead]:
    """Ready beads without an agent, most urgent and oldest first, whether or not their backoff is over."""
    order = {"critical": 0, "high": 1, "medium": 2, "low": 3}
    limits = {rig_id: town.rules_for(rig_id).max_attempts for rig_id in town.rigs}
    free = [b for b in town.beads.values() if b.assignee is None and _may_start(b, limits.get(b.rig_id, 0))]
    ready = [bead for bead in free if town.is_ready(bead)]
    return iter(sorted(ready, key=lambda b: (order[b.priority], not b.is_fix, b.created_at, b.id)))


def is_review_ready(town: Town, review: Review) -> bool:
    """Whether a refinery may look at a review: queued, with its pull request, and its convoy is not stopped."""
    if review.phase is not ReviewPhase.QUEUED or review.abandoned or town.is_leaving(review.rig_id):
        return False
    if review.strategy is MergeStrategy.PR and review.watch.url is None:
        return False
    return not _is_stopped(town, review)


def _is_stopped(town: Town, review: Review) -> bool:
    convoy = town.convoys.get(review.convoy_id) if review.convoy_id else None
    return convoy is not None and convoy.state is not ConvoyState.ACTIVE


def merges_in_git(review: Review) -> bool:
    """Whether the container is to merge this review."""
    return review.phase is ReviewPhase.MERGING and review.strategy is MergeStrategy.DIRECT


def may_ask(review: Review) -> bool:
    """Whether a provider may be asked about this review now, if it is time: one thing at a time."""
    return review.strategy is MergeStrategy.PR and not review.watch.is_asked and not review.abandoned


def is_pollable(town: Town, review: Review) -> bool:
    """Whether a review has a pull request that is looked at from time to time.

    Not while people have stopped its convoy and nobody works on it: nothing that could be seen would be acted on, and
    such looks would go on for as long as nobody resumes it.
    """
    if review.watch.url is None or not may_ask(review) or review.phase is ReviewPhase.MERGING:
        return False
    return review.phase not in (ReviewPhase.QUEUED, ReviewPhase.FIXING) or not _is_stopped(town, review)


def green_until(town: Town, review: Review) -> datetime | None:
    """When a green pull request has been so for long enough; none if it is not, or is left to a person to merge."""
    watch, delay = review.watch, town.rules_for(review.rig_id).merge_delay
    if review.phase is not ReviewPhase.WATCHING or not may_ask(review) or MERGES.is_over(review.merge_tries):
        return None
    if watch.green_since is None or delay is None:
        return None
    return watch.green_since + delay


def assignable_reviews(town: Town) -> Iterator[Review]:
    """Queued reviews without a refinery, oldest first."""
    queued = [r for r in town.reviews.values() if r.assignee is None and is_review_ready(town, r)]
    return iter(sorted(queued, key=lambda r: (r.created_at, r.id)))


def is_refinery_free(town: Town, review: Review) -> bool:
    """Whether the rig's refinery is free, or not hired yet."""
    refinery = town.refinery_of(review.rig_id)
    return refinery is None or (refinery.hook is None and refinery.open_run is None)


def startable_work(town: Town) -> list[Bead | Review]:
    """Beads and reviews for which there is an agent, whether or not their backoff is over."""
    roomy = {rig_id for rig_id in town.rigs if has_slot(town, rig_id)}
    queue: list[Bead | Review] = [bead for bead in assignable_beads(town) if bead.rig_id in roomy]
    return queue + [review for review in assignable_reviews(town) if is_refinery_free(town, review)]


def waits_until(work: Bead | Review, now: datetime) -> datetime | None:
    """The end of a backoff that is still running."""
    return work.not_before if work.not_before is not None and work.not_before > now else None


def held_until(town: Town, now: datetime, work: Bead | Review) -> datetime | None:
    """The end of what keeps this work from being started now: its own backoff, the open breaker; or none."""
    ends = (waits_until(work, now), breaker_until(town, now))
    return max((end for end in ends if end is not None), default=None)


def may_claim(town: Town) -> bool:
    """Whether a container may be asked for: not after a day of containers that did not come up."""
    return not CONTAINERS.is_over(town.container.failures)


def is_wanted(town: Town, now: datetime) -> bool:
    """Whether a container has, or will within the idle-stop time have, something to do (state machines, *wanted*)."""
    soon, breaker = now + IDLE_STOP, breaker_until(town, now)
    held_back = breaker is not None and breaker > soon
    if any(agent.hook and (agent.open_run is not None or not held_back) for agent in town.agents.values()):
        return True
    if _wants_mayor(town, soon):
        return True
    if any(merges_in_git(review) for review in town.reviews.values()):
        return True
    if held_back:
        return False
    return any(work.not_before is None or work.not_before <= soon for work in startable_work(town))


def _wants_mayor(town: Town, soon: datetime) -> bool:
    """A turn is under way, or somebody waits for one; a mayor that waits for people wants nothing."""
    mayor = town.mayor
    if mayor is None:
        return False
    if mayor.open_session is not None:
        return mayor.status is AgentStatus.WORKING or bool(pushable(town, mayor.id))
    return is_mayor_called(town) and (mayor.not_before is None or mayor.not_before <= soon)
