"""Putting agents on work: the pool, the hook, and the start of a run. One agent, one bead; both sides in one move."""

from gastown.domain.agent import POLECAT_NAMES, Agent, AgentStatus, Role, Run, run_branch, slug
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.command import Command, CommandKind
from gastown.domain.ending import set_status
from gastown.domain.errors import Conflict
from gastown.domain.event import Note
from gastown.domain.ids import AgentId, BeadId, CommandId, Moment, RigId, short
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town


def free_polecat(town: Town, rig_id: RigId) -> Agent | None:
    """An idle, unhooked polecat of the rig; its worktrees belong to that repository."""
    polecats = (a for a in town.agents.values() if a.role is Role.POLECAT and a.rig_id == rig_id)
    return next((a for a in polecats if a.hook is None and a.open_run is None), None)


def has_slot(town: Town, rig_id: RigId) -> bool:
    """Whether one more polecat may work in the rig."""
    busy = sum(1 for a in town.agents.values() if a.role is Role.POLECAT and a.rig_id == rig_id and a.hook)
    return busy < town.rules_for(rig_id).max_polecats


def hire(town: Town, rig_id: RigId, role: Role, moment: Moment) -> Agent:
    """Register a new agent under the next free name of its role."""
    name = _polecat_name(town) if role is Role.POLECAT else role.value
    agent = Agent(
        id=AgentId(moment.new_id()),
        rig_id=rig_id,
        role=role,
        name=name,
        identity=f"{name}-{role}-{short(rig_id)}@{short(town.id)}",
        created_at=moment.now,
    )
    town.agents[agent.id] = agent
    return agent


def _polecat_name(town: Town) -> str:
    """The next name of the pool that nobody in the town has been registered under; none is given twice."""
    taken = {slug(agent.name) for agent in town.agents.values()}
    while True:
        town.names_used += 1
        used = town.names_used
        name = POLECAT_NAMES[used - 1] if used <= len(POLECAT_NAMES) else f"Polecat-{used}"
        if slug(name) not in taken:
            return name


def hook(town: Town, agent: Agent, held: Bead | Review, moment: Moment) -> None:
    """Point agent and bead at each other. Raises `Conflict` if either is taken."""
    if agent.hook is not None or held.assignee is not None:
        raise Conflict(f"Agent {agent.id} or bead {held.id} is already hooked")
    agent.hook, agent.hooked_at, agent.status_message = held.id, moment.now, None
    agent.checkpoint = held.checkpoint if isinstance(held, Bead) else None
    held.assignee, held.updated_at = agent.id, moment.now
    town.note(Note(bead_id=held.id, type="hooked", at=moment.now, agent_id=agent.id, new=agent.id))


def assign_bead(town: Town, bead_id: BeadId, moment: Moment) -> None:
    """Hook a polecat of the pool, or a new one, to a ready bead."""
    bead = town.beads[bead_id]
    hook(town, free_polecat(town, bead.rig_id) or hire(town, bead.rig_id, Role.POLECAT, moment), bead, moment)


def assign_review(town: Town, review_id: BeadId, moment: Moment) -> None:
    """Hook the rig's refinery to a queued review."""
    review = town.reviews[review_id]
    hook(town, town.refinery_of(review.rig_id) or hire(town, review.rig_id, Role.REFINERY, moment), review, moment)


def dispatch(town: Town, agent_id: AgentId, moment: Moment) -> Run:
    """Open the next run of a hooked agent and leave its start command; one commit, so never twice."""
    agent = town.agents[agent_id]
    held = town.beads.get(agent.hook) or town.reviews.get(agent.hook) if agent.hook else None
    if held is None or agent.open_run:
        raise Conflict(f"Agent {agent_id} has no hook, or is at work already")
    agent.dispatch += 1
    agent.status = AgentStatus.WORKING
    held.attempts += 1
    if isinstance(held, Bead):
        run = _open_bead_run(town, agent, held, moment)
    else:
        held.phase, held.updated_at = ReviewPhase.REVIEWING, moment.now
        branch = run_branch(agent, held.id, agent.dispatch, None)
        run = _open_run(town, agent, branch, held.sha, moment)
    _command_start(town, agent, run, moment)
    return run


def _open_bead_run(town: Town, agent: Agent, bead: Bead, moment: Moment) -> Run:
    bead.total_attempts += 1
    bead.last_attempt_at = moment.now
    bead.started_at = bead.started_at or moment.now
    set_status(town, bead, BeadStatus.IN_PROGRESS, moment)
    branch = _branch_of_request(town, bead) or run_branch(agent, bead.id, agent.dispatch, town.feature_of(bead))
    return _open_run(town, agent, branch, start_sha(town, bead), moment)


def _branch_of_request(town: Town, bead: Bead) -> str | None:
    """A pull request keeps its branch, so a fix of one is pushed there; a late push is only a head nobody approved."""
    review = town.reviews.get(bead.parent_id) if bead.parent_id else None
    return review.branch if review is not None and review.strategy is MergeStrategy.PR else None


def start_sha(town: Town, bead: Bead) -> str | None:
    """Where a bead's next run starts: its own accepted work, or for a fix the sha under review."""
    if bead.accepted_sha:
        return bead.accepted_sha
    review = town.reviews.get(bead.parent_id) if bead.parent_id else None
    return review.sha if review else None


def _open_run(town: Town, agent: Agent, branch: str, sha: str | None, moment: Moment) -> Run:
    hooked = agent.hook
    if hooked is None:
        raise Conflict(f"Agent {agent.id} has no hook")
    agent.run = Run(
        dispatch=agent.dispatch,
        hook=hooked,
        branch=branch,
        sha=sha,
        asked_at=moment.now,
        generation=town.container.generation,
    )
    return agent.run


def _command_start(town: Town, agent: Agent, run: Run, moment: Moment) -> None:
    command_id = CommandId(moment.new_id())
    town.commands[command_id] = Command(
        id=command_id,
        kind=CommandKind.START,
        generation=town.container.generation,
        created_at=moment.now,
        rig_id=agent.rig_id,
        agent_id=agent.id,
        dispatch=run.dispatch,
    )
