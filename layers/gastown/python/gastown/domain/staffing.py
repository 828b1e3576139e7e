"""Agents by a person's hand: register, find or make, reset, delete."""

from gastown.domain.agent import Agent, Role, RunEnd, slug
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.ending import backoff, release, reopen
from gastown.domain.errors import Conflict, Invalid
from gastown.domain.event import Note
from gastown.domain.hooking import free_polecat, hire
from gastown.domain.ids import AgentId, Moment
from gastown.domain.limits import MAX_RIG_AGENTS
from gastown.domain.redoing import cancel_run, reset_bead
from gastown.domain.removing import drop_agent
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town

MAYOR_ELSEWHERE = "A town has one mayor; POST /api/towns/:townId/mayor/ensure finds or starts it"


def register_agent(town: Town, rig_id: str, role: Role, name: str, identity: str, moment: Moment) -> Agent:
    """Add an idle agent (1 item). Raises `NotFound`, `Invalid` (a mayor), `Conflict` (taken names, full rig)."""
    rig = town.open_rig(rig_id)
    _check_role(role)
    if any(agent.identity == identity for agent in town.agents.values()):
        raise Conflict(f"An agent with the identity {identity} is there already")
    if role is Role.REFINERY and town.refinery_of(rig.id) is not None:
        raise Conflict(f"Rig {rig.name} has its one refinery already")
    mine = [agent for agent in town.agents.values() if agent.rig_id == rig.id]
    if any(slug(agent.name) == slug(name) for agent in mine):
        raise Conflict(f"An agent named {name} is there already; branches are named after agents")
    if len(mine) >= MAX_RIG_AGENTS:
        raise Conflict(f"Rig {rig.name} has {MAX_RIG_AGENTS} agents already")
    agent = Agent(
        id=AgentId(moment.new_id()), rig_id=rig.id, role=role, name=name, identity=identity, created_at=moment.now
    )
    town.agents[agent.id] = agent
    return agent


def _check_role(role: Role) -> None:
    if role is Role.MAYOR:
        raise Invalid(MAYOR_ELSEWHERE, field="role")


def get_or_create_agent(town: Town, rig_id: str, role: Role, moment: Moment) -> Agent:
    """The rig's refinery, or an idle polecat, or a new one (1 item). Raises `NotFound`, `Invalid`, `Conflict`."""
    rig = town.open_rig(rig_id)
    _check_role(role)
    known = town.refinery_of(rig.id) if role is Role.REFINERY else free_polecat(town, rig.id)
    if known is not None:
        return known
    if sum(1 for agent in town.agents.values() if agent.rig_id == rig.id) >= MAX_RIG_AGENTS:
        raise Conflict(f"Rig {rig.name} has {MAX_RIG_AGENTS} agents already")
    return hire(town, rig.id, role, moment)


def held_by(town: Town, agent: Agent) -> Bead | Review | None:
    """What an agent is on."""
    return town.beads.get(agent.hook) or town.reviews.get(agent.hook) if agent.hook else None


def reset_agent(town: Town, agent: Agent, by: str, moment: Moment) -> Agent:
    """Cancel what an agent does and start that over with counters 0 (8 items). Raises `Conflict`."""
    held = held_by(town, agent)
    if isinstance(held, Bead):
        reset_bead(town, held, by, moment)
    elif held is not None:
        held.attempts = held.refusals = 0
        _requeue(town, held, moment, reason=f"its agent was reset by {by}")
    agent.crashes = []
    return agent


def delete_agent(town: Town, agent: Agent, by: str, moment: Moment) -> None:
    """Remove an agent for good; its session is stopped, its work goes back to the queue (at most 50 items)."""
    held, reason = held_by(town, agent), f"its agent was deleted by {by}"
    if isinstance(held, Bead):
        if cancel_run(town, held, moment, reason=reason):
            held.attempts = max(0, held.attempts - 1)
        if held.status is BeadStatus.IN_PROGRESS:
            reopen(town, held, moment, reason=reason)
    elif held is not None:
        if agent.open_run is not None:
            held.attempts = max(0, held.attempts - 1)
        _requeue(town, held, moment, reason=reason)
    drop_agent(town, agent, moment)


def _requeue(town: Town, review: Review, moment: Moment, *, reason: str) -> None:
    """Send a review that a refinery held back to its queue."""
    running = review.phase is ReviewPhase.REVIEWING
    release(town, review, RunEnd.CANCELLED, moment, reason=reason)
    if running:
        review.phase, review.not_before = ReviewPhase.QUEUED, moment.now + backoff(0)
    review.updated_at = moment.now


def reset_attempts(town: Town, agent: Agent, by: str, moment: Moment) -> Agent:
    """Set the counters of what an agent is on to 0; it stays on it (2 items)."""
    held = held_by(town, agent)
    if held is None:
        return agent
    held.attempts, held.refusals, held.updated_at = 0, 0, moment.now
    if isinstance(held, Bead):
        held.last_attempt_at = None if agent.open_run is None else held.last_attempt_at
    detail: dict[str, object] = {"changed": ["attempts"], "actor": by}
    town.note(Note(bead_id=held.id, type="fields_updated", at=moment.now, new="attempts", metadata=detail))
    return agent
