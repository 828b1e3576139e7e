"""Work that a person has done again: reset it, give it to another agent, or retry it after it failed."""

from dataclasses import dataclass, replace

from gastown.domain.agent import Agent, Role, RunEnd
from gastown.domain.attempts import ALL_STARTS
from gastown.domain.bead import HELD, Bead, BeadStatus
from gastown.domain.convoy import Convoy
from gastown.domain.edges import cycle_through, replace_blocker
from gastown.domain.ending import abandon_review, release, reopen
from gastown.domain.errors import Conflict, NotFound
from gastown.domain.escalation import BEAD_FAILED
from gastown.domain.event import Note
from gastown.domain.hooking import has_slot, hook
from gastown.domain.ids import BeadId, Moment
from gastown.domain.town import Town
from gastown.domain.warning import acknowledge_escalation


def check_reset(town: Town, bead: Bead) -> None:
    """Refuse to reset a bead whose merge is under way, because it cannot be called back. Raises `Conflict`."""
    if any(review.source_id == bead.id and review.is_merge_asked for review in town.reviews.values()):
        raise Conflict(f"Bead {bead.id} is being merged; wait for how that ends")


def reset_bead(town: Town, bead: Bead, by: str, moment: Moment) -> Bead:
    """Start a live bead over: run and review cancelled, counters 0, open (at most 6 + fixes items). `Conflict`."""
    check_reset(town, bead)
    cancel_run(town, bead, moment, reason=f"reset by {by}")
    if (review := town.review_of(bead.id)) is not None:
        abandon_review(town, review, moment)
    bead.attempts = bead.refusals = bead.total_attempts = bead.rejections = 0
    bead.updated_at = moment.now
    if bead.status is BeadStatus.OPEN:
        bead.not_before = None
        detail: dict[str, object] = {"changed": ["attempts"], "actor": by}
        town.note(Note(bead_id=bead.id, type="fields_updated", at=moment.now, new="attempts", metadata=detail))
    else:
        reopen(town, bead, moment, reason=f"reset by {by}")
    return bead


def cancel_run(town: Town, bead: Bead, moment: Moment, *, reason: str) -> bool:
    """Take a bead's agent off it and keep its checkpoint; whether a run was under way."""
    agent = town.agents.get(bead.assignee) if bead.assignee else None
    if agent is None:
        return False
    running = agent.open_run is not None
    bead.checkpoint = agent.checkpoint or bead.checkpoint
    release(town, bead, RunEnd.CANCELLED, moment, reason=reason)
    return running


def reassign_bead(town: Town, bead: Bead, agent_id: str, moment: Moment) -> Bead:
    """Give a bead to a certain idle polecat; another agent's run on it is cancelled (6 items).

    Raises `NotFound`, `Conflict`. The cancelled start is given back: nobody failed.
    """
    agent = town.agent(agent_id)
    if agent.hook == bead.id:
        return bead
    check_reassign(town, bead, agent)
    if cancel_run(town, bead, moment, reason=f"given to {agent.name}"):
        bead.attempts = max(0, bead.attempts - 1)
        reopen(town, bead, moment, reason=f"given to {agent.name}")
    hook(town, agent, bead, moment)
    return bead


def check_reassign(town: Town, bead: Bead, agent: Agent) -> None:
    """Refuse to give a bead to who is no idle polecat of its rig, or when it may not start. `NotFound`, `Conflict`."""
    if agent.rig_id != bead.rig_id:
        raise NotFound(f"Agent {agent.id} not found")
    if agent.role is not Role.POLECAT or agent.hook is not None or agent.open_run is not None:
        raise Conflict(f"{agent.name} is no idle polecat")
    if bead.status not in (BeadStatus.OPEN, BeadStatus.IN_PROGRESS) or not _would_be_ready(town, bead):
        raise Conflict(f"Bead {bead.id} is {bead.status} and not ready")
    given_back = 1 if agent_runs(town, bead) else 0
    limit = town.rules_for(bead.rig_id).max_attempts
    if ALL_STARTS.is_over(bead.total_attempts) or bead.attempts - given_back >= limit:
        raise Conflict(f"Bead {bead.id} has used up its starts; reset it first")
    if bead.assignee is None and not has_slot(town, bead.rig_id):
        raise Conflict("All places for polecats in this rig are taken")


def agent_runs(town: Town, bead: Bead) -> bool:
    """Whether an agent works on a bead."""
    agent = town.agents.get(bead.assignee) if bead.assignee else None
    return agent is not None and agent.open_run is not None


def _would_be_ready(town: Town, bead: Bead) -> bool:
    return town.is_ready(replace(bead, status=BeadStatus.OPEN))


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A failed bead as it is kept, with its text."""

    bead: Bead
    body: str | None = None


def retry_bead(town: Town, failed: Failed, by: str, moment: Moment) -> Bead:
    """Put a new bead in the place of a failed one, in blockers and convoy (4 + waiting beads items).

    The failed one stays failed and only learns by whom it was replaced; its escalation is acknowledged.
    Raises `NotFound`, `Conflict`.
    """
    old = failed.bead
    convoy = check_retry(town, old)
    new = Bead(
        id=BeadId(moment.new_id()),
        rig_id=old.rig_id,
        title=old.title,
        created_at=moment.now,
        updated_at=moment.now,
        priority=old.priority,
        labels=[label for label in old.labels if label != HELD],
        metadata={**old.metadata, "retry_of": old.id},
        created_by=by,
        convoy_id=convoy.id if convoy else None,
        blockers=[blocker for blocker in old.blockers if town.status_of(blocker) is not None],
        accepted_sha=old.accepted_sha,
        left_work=list(old.left_work),
        checkpoint=old.checkpoint,
    )
    town.beads[new.id] = new
    if failed.body:
        town.texts[new.id] = failed.body
    if convoy is not None:
        convoy.beads = [new.id if member == old.id else member for member in convoy.beads]
        convoy.updated_at = moment.now
    replace_blocker(town, old.id, new.id, moment)
    town.finals[old.id] = replace(old, replaced_by=new.id)
    _tell(town, old, new, by, moment)
    return new


def check_retry(town: Town, old: Bead) -> Convoy | None:
    """The convoy in which a failed bead is replaced, or none. Raises `NotFound`, `Conflict` if it cannot be."""
    town.open_rig(old.rig_id)
    if old.status is not BeadStatus.FAILED or old.is_fix or old.is_triage_batch:
        raise Conflict("Only a failed task is retried")
    if old.replaced_by is not None:
        raise Conflict(f"Bead {old.id} was replaced by {old.replaced_by} already")
    if cycle_through(town, old.id, old.blockers):
        raise Conflict("What blocked it waits for it by now; change one of them first")
    convoy = town.convoys.get(old.convoy_id) if old.convoy_id else None
    if convoy is None or old.id not in convoy.beads:
        return None
    if convoy.is_over or town.landing_of(convoy.id) is not None:
        raise Conflict(f"Convoy {convoy.id} is over or landing")
    return convoy


def _tell(town: Town, old: Bead, new: Bead, by: str, moment: Moment) -> None:
    made: dict[str, object] = {"type": "issue", "title": new.title, "retry_of": old.id}
    town.note(Note(bead_id=new.id, type="created", at=moment.now, new="open", metadata=made))
    town.note(Note(bead_id=old.id, type="fields_updated", at=moment.now, new="replaced_by", metadata={"by": new.id}))
    settle_failure(town, old.id, by, moment)


def settle_failure(town: Town, bead_id: BeadId, by: str, moment: Moment) -> None:
    """Acknowledge the escalation of a failed bead that a person has dealt with."""
    for raised in [e.id for e in town.escalations.values() if e.cause == f"{BEAD_FAILED}{bead_id}"]:
        acknowledge_escalation(town, raised, by, moment)
