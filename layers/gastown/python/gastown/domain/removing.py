"""Deleting: live beads leave the working set, with everything that points at them. Their rows follow by a job."""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from gastown.domain.agent import Agent, RunEnd
from gastown.domain.asking import close_requests_of
from gastown.domain.bead import Bead
from gastown.domain.convoying import close_convoy
from gastown.domain.edges import replace_blocker, waiting_for
from gastown.domain.ending import end_molecule, end_run, release, stop_session
from gastown.domain.errors import Conflict
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment, RigId
from gastown.domain.job import Job, JobKind
from gastown.domain.limits import JOB_ITEMS
from gastown.domain.redoing import settle_failure
from gastown.domain.review import Review
from gastown.domain.town import Entity, Town

K = TypeVar("K")


class Belongs(Protocol):
    """What belongs to a rig, or to none."""

    @property
    def rig_id(self) -> RigId | None:
        """The rig."""
        ...


B = TypeVar("B", bound=Belongs)


def deletable(town: Town, bead_id: BeadId) -> Entity | None:
    """The live bead, escalation or molecule of this id that may be deleted by itself; none if nothing is live.

    Raises `Conflict` for what goes only with something else: reviews with their bead, convoys by closing them.
    """
    if bead_id in town.reviews:
        raise Conflict("A review goes with its bead; delete that one")
    if bead_id in town.convoys:
        raise Conflict("Close the convoy first")
    if bead_id in town.triage or bead_id in town.mail:
        raise Conflict("Triage requests and mail end by being answered")
    return town.beads.get(bead_id) or town.escalations.get(bead_id) or town.molecules.get(bead_id)


def weight(town: Town, bead_id: BeadId) -> int:
    """At most how many items deleting this bead changes; an ended one only has what points at it."""
    if bead_id not in town.beads:
        named = bead_id in town.stubs or bead_id in town.escalations or bead_id in town.molecules
        return len(waiting_for(town, bead_id)) + (3 if named else 0)
    fixes = sum(4 for r in town.reviews.values() if r.source_id == bead_id for _ in town.fixes_of(r.id))
    return 12 + fixes + len(waiting_for(town, bead_id))


def delete_bead(town: Town, bead_id: BeadId, by: str, moment: Moment) -> list[BeadId]:
    """Take a live bead out, with its run, review, fixes, molecule and edges (`weight` items).

    The ids whose rows remain to be deleted. Raises `Conflict` as `deletable` does.
    """
    entity = deletable(town, bead_id)
    gone = [bead_id]
    if isinstance(entity, Bead):
        gone += _take_out(town, entity, moment)
    elif bead_id in town.molecules:
        end_molecule(town, town.molecules[bead_id], moment, done=False)
    if town.escalations.pop(bead_id, None) is not None:
        close_requests_of(town, bead_id, by, moment)
    forget_bead(town, bead_id, by, moment)
    return gone


def _take_out(town: Town, bead: Bead, moment: Moment) -> list[BeadId]:
    release(town, bead, RunEnd.CANCELLED, moment, reason="the bead was deleted")
    del town.beads[bead.id]
    gone: list[BeadId] = []
    for review in [r for r in town.reviews.values() if r.source_id == bead.id]:
        gone += take_out_review(town, review, moment)
    if (molecule := town.molecule_of(bead.id)) is not None:
        end_molecule(town, molecule, moment, done=False)
        gone.append(molecule.id)
    return gone


def take_out_review(town: Town, review: Review, moment: Moment) -> list[BeadId]:
    """Take a review out with its fixes; a merge that the container has begun is not called back."""
    release(town, review, RunEnd.CANCELLED, moment, reason="the review was deleted")
    if review.merge_command:
        town.commands.pop(review.merge_command, None)
    del town.reviews[review.id]
    gone = [review.id]
    for fix in list(town.fixes_of(review.id)):
        gone += [fix.id, *_take_out(town, fix, moment)]
    return gone


def forget_bead(town: Town, bead_id: BeadId, by: str, moment: Moment) -> None:
    """Remove what points at a deleted bead: edges, its place in a convoy, its stub and its escalation."""
    replace_blocker(town, bead_id, None, moment)
    for convoy in town.convoys.values():
        if bead_id in convoy.beads:
            convoy.beads = [member for member in convoy.beads if member != bead_id]
            convoy.updated_at = moment.now
            town.note(Note(bead_id=convoy.id, type="fields_updated", at=moment.now, old=bead_id, new="beads"))
    town.stubs.pop(bead_id, None)
    settle_failure(town, bead_id, by, moment)


def work_of_rig(town: Town, rig_id: RigId) -> list[BeadId]:
    """The live beads, reviews and convoys of a rig."""
    homes: tuple[dict[BeadId, Bead], dict[BeadId, Review]] = (town.beads, town.reviews)
    work = [held.id for home in homes for held in home.values() if held.rig_id == rig_id]
    return [*work, *(convoy.id for convoy in town.convoys.values() if convoy.rig_id == rig_id)]


def is_cleared(town: Town, rig_id: RigId) -> bool:
    """Whether nothing live belongs to a rig any more."""
    homes: tuple[Iterable[Belongs], ...] = (
        town.beads.values(), town.reviews.values(), town.convoys.values(), town.molecules.values(),
        town.escalations.values(), town.triage.values(), town.agents.values(),
    )  # fmt: skip
    return not any(one.rig_id == rig_id for home in homes for one in home)


def clear_rig(town: Town, rig_id: RigId, moment: Moment) -> list[BeadId] | None:
    """Take the next live thing of a leaving rig out (`weight` items); none when the rest is for the rules to end.

    The ids whose rows remain to be deleted: of what ended instead, the rig's list of finished beads knows.
    """
    if bead := _first(town.beads, rig_id):
        return delete_bead(town, bead.id, "reconciler", moment)
    if review := _first(town.reviews, rig_id):
        return take_out_review(town, review, moment)
    if convoy := next((c for c in town.convoys.values() if c.rig_id == rig_id and not c.is_over), None):
        close_convoy(town, convoy.id, moment)
        return []
    if molecule := _first(town.molecules, rig_id):
        end_molecule(town, molecule, moment, done=False)
        return []
    if (small := _first(town.escalations, rig_id) or _first(town.triage, rig_id)) is not None:
        town.escalations.pop(small.id, None)
        town.triage.pop(small.id, None)
        return [small.id]
    if agent := _first(town.agents, rig_id):
        drop_agent(town, agent, moment)
        return []
    return None


def _first(home: Mapping[K, B], rig_id: RigId) -> B | None:
    return next((one for one in home.values() if one.rig_id == rig_id), None)


def drop_agent(town: Town, agent: Agent, moment: Moment) -> None:
    """Remove an agent for good; a session is stopped; what was meant for it is dropped by its rule."""
    if agent.open_run:
        stop_session(town, agent, "the agent was deleted", moment)
    end_run(town, agent, RunEnd.CANCELLED, moment)
    del town.agents[agent.id]


def messages_of(town: Town, agent: Agent) -> int:
    """How many nudges and letters wait for an agent."""
    nudges = sum(1 for nudge in town.nudges.values() if nudge.agent_id == agent.id)
    return nudges + sum(1 for letter in town.mail.values() if letter.recipient == agent.id)


def open_job(town: Town, job: Job) -> Job:
    """Add a job; the town is due until it is done (1 item)."""
    town.jobs[job.id] = job
    return job


def leave_rows(town: Town, rig_id: str, gone: list[BeadId], moment: Moment) -> Job:
    """Have the rows of deleted beads deleted: by a job that waits and has room, or by a new one (1 item)."""
    room = JOB_ITEMS - len(gone)
    waiting = (j for j in town.jobs.values() if j.arguments == {"rig_id": rig_id, "ids": 0} and not j.set_aside)
    job = next((j for j in waiting if len(j.pending) <= room), None)
    if job is None:
        arguments: dict[str, object] = {"rig_id": rig_id, "ids": 0}
        job = open_job(
            town,
            Job(id=moment.new_id(), kind=JobKind.DELETE_BEADS, created_at=moment.now, arguments=arguments),
        )
    job.pending = [*job.pending, *gone]
    return job
