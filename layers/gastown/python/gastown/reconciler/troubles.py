"""What rules ask about runs in trouble: since when an agent is silent, which step comes next, how long a run may take.

The town is not woken by activity; what a heartbeat said last is what counts when the town looks.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

from gastown.domain.agent import Agent
from gastown.domain.container import AgentPulse, ContainerState
from gastown.domain.limits import STALLED_FREE, STUCK_ESCALATE, STUCK_STOP, STUCK_WARN
from gastown.domain.patrolling import batch_of, triage_rig, waiting_requests
from gastown.domain.timing import time_limit
from gastown.domain.town import Town


class Step(StrEnum):
    """The steps of the stuck ladder."""

    WARN = "warn"
    ESCALATE = "escalate"
    STOP = "stop"


def is_watched(town: Town) -> bool:
    """Whether the container is ready and trusted: otherwise silence may be the container's, not its agents'."""
    return town.container.state is ContainerState.READY and town.container.suspected_at is None


def silent_since(town: Town, agent: Agent) -> datetime | None:
    """The last activity of the agent's accepted run, by its last pulse or its own word; none without such a run.

    Before any activity it is the acceptance. An activity after its own pulse is a wrong clock and counts as of the
    pulse.
    """
    run, pulse = agent.open_run, _pulse(town, agent)
    if run is None or run.accepted_at is None:
        return None
    active = _moment(pulse.activity.get("last_event_at")) if pulse else None
    heard = min(active, pulse.at) if pulse is not None and active is not None else None
    return max(sign for sign in (run.accepted_at, heard, agent.last_activity_at) if sign is not None)


def _pulse(town: Town, agent: Agent) -> AgentPulse | None:
    pulse = town.pulses.get(town.container.generation)
    seen = pulse.agents.get(agent.id) if pulse else None
    return seen if seen is not None and seen.dispatch == agent.dispatch else None


def _moment(said: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def steps_ahead(town: Town, agent: Agent) -> Iterator[tuple[datetime, Step]]:
    """The steps that a silent agent has not been through, with their moments, the last one first.

    A warning counts as long as nothing was heard after it, so new activity begins the ladder anew; a stop is final.
    """
    run, since = agent.open_run, silent_since(town, agent)
    if run is None or since is None or run.stalled_at is not None:
        return
    yield since + STUCK_STOP, Step.STOP
    if run.escalated_at is not None and run.escalated_at >= since:
        return
    yield since + STUCK_ESCALATE, Step.ESCALATE
    pulse = _pulse(town, agent)
    busy = pulse is not None and bool(pulse.activity.get("active_tools"))
    if not busy and (run.warned_at is None or run.warned_at < since):
        yield since + STUCK_WARN, Step.WARN


def freed_at(agent: Agent) -> datetime | None:
    """When a stalled run is lost although nobody reported its end."""
    run = agent.open_run
    return run.stalled_at + STALLED_FREE if run is not None and run.stalled_at is not None else None


def overdue_at(town: Town, agent: Agent) -> datetime | None:
    """When the run of an agent on a bead has taken as long as it may; none for reviews and without a run."""
    run = agent.open_run
    bead = town.beads.get(run.hook) if run else None
    return (run.accepted_at or run.asked_at) + time_limit(bead) if run is not None and bead is not None else None


def wants_batch(town: Town) -> bool:
    """Whether a triage batch is to be opened once its cooldown is over."""
    return (
        town.config.auto_triage
        and bool(waiting_requests(town))
        and batch_of(town) is None
        and triage_rig(town) is not None
    )
