"""How work ends: runs, beads, reviews.

An end is final, frees whoever was on it and leaves a stub for who refers to it.
"""

from datetime import timedelta

from gastown.domain.agent import Agent, AgentStatus, RunEnd
from gastown.domain.attempts import ALL_STARTS, BATCHES, REJECTIONS, STARTS
from gastown.domain.bead import Bead, BeadStatus, Stub
from gastown.domain.breaking import record_failure
from gastown.domain.command import Command, CommandKind
from gastown.domain.container import ContainerState
from gastown.domain.escalation import BEAD_FAILED, Severity
from gastown.domain.event import Note
from gastown.domain.handing_over import hand_over
from gastown.domain.ids import BeadId, CommandId, Moment
from gastown.domain.molecule import Molecule
from gastown.domain.review import Receipt, Review, ReviewPhase
from gastown.domain.telling import tell_landed
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation


def backoff(attempts: int) -> timedelta:
    """The wait before the next start after this many attempts."""
    return STARTS.wait(attempts)


def end_run(town: Town, agent: Agent, how: RunEnd, moment: Moment) -> None:
    """End the agent's open run and free the agent; what waits to be told to it goes too."""
    if run := agent.open_run:
        run.ended, run.ended_at = how, moment.now
        hand_over(town, agent, run, moment)
        told = (c for c in town.commands.values() if c.agent_id == agent.id and c.dispatch == run.dispatch)
        for command in [c for c in told if c.kind in (CommandKind.START, CommandKind.MESSAGE)]:
            del town.commands[command.id]
    unhook(town, agent, moment)


def stop_session(town: Town, agent: Agent, reason: str, moment: Moment) -> None:
    """Tell the container to end the process of the agent's run; harmless if it is gone."""
    gone = town.container.state is ContainerState.NONE
    if agent.run is None or gone or agent.run.generation != town.container.generation:
        return
    command_id = CommandId(moment.new_id())
    town.commands[command_id] = Command(
        id=command_id,
        kind=CommandKind.STOP,
        generation=town.container.generation,
        created_at=moment.now,
        agent_id=agent.id,
        rig_id=agent.rig_id,
        dispatch=agent.run.dispatch,
        payload={"reason": reason},
    )


def unhook(town: Town, agent: Agent, moment: Moment) -> None:
    """Take the agent off whatever it is on; both sides in one move."""
    if agent.hook is None:
        agent.status = AgentStatus.IDLE
        return
    held = town.beads.get(agent.hook) or town.reviews.get(agent.hook)
    if held is not None and held.assignee == agent.id:
        held.assignee = None
        held.updated_at = moment.now
    town.note(Note(bead_id=agent.hook, type="unhooked", at=moment.now, agent_id=agent.id, old=agent.id))
    agent.hook, agent.hooked_at, agent.status, agent.checkpoint = None, None, AgentStatus.IDLE, None


def set_status(town: Town, bead: Bead, status: BeadStatus, moment: Moment, *, reason: str | None = None) -> None:
    """Move a live bead to another status, with its line of history."""
    detail: dict[str, object] = {"reason": reason} if reason else {}
    town.note(
        Note(
            bead_id=bead.id,
            type="status_changed",
            at=moment.now,
            agent_id=bead.assignee,
            old=bead.status,
            new=status,
            metadata=detail,
        )
    )
    bead.status, bead.updated_at = status, moment.now


def release(town: Town, holder: Bead | Review, how: RunEnd, moment: Moment, *, reason: str) -> None:
    """Free the agent that holds a bead or review, and stop its session if a run is open."""
    agent = town.agents.get(holder.assignee) if holder.assignee else None
    if agent is None:
        return
    if agent.open_run:
        stop_session(town, agent, reason, moment)
    end_run(town, agent, how, moment)


def end_bead(town: Town, bead: Bead, status: BeadStatus, outcome: str, moment: Moment) -> None:
    """Close or fail a bead for good: its agent is freed, its review and their fixes end with it."""
    if bead.is_over:
        return
    release(town, bead, RunEnd.CANCELLED, moment, reason=f"the bead ended: {outcome}")
    set_status(town, bead, status, moment, reason=outcome)
    bead.outcome, bead.closed_at = outcome, moment.now
    del town.beads[bead.id]
    town.finals[bead.id] = bead
    town.stubs[bead.id] = stub_of(bead)
    if bead.parent_id and (parent := town.reviews.get(bead.parent_id)):
        parent.last_fix = status
    if (review := town.review_of(bead.id)) is not None:
        abandon_review(town, review, moment)
    if (molecule := town.molecule_of(bead.id)) is not None:
        end_molecule(town, molecule, moment, done=status is BeadStatus.CLOSED)


def stub_of(bead: Bead) -> Stub:
    """What the working set keeps of an ended bead."""
    return Stub(id=bead.id, title=bead.title, status=bead.status, outcome=bead.outcome, sha=bead.accepted_sha)


def end_molecule(town: Town, molecule: Molecule, moment: Moment, *, done: bool) -> None:
    """End the steps of a bead: with their last one, or with the bead."""
    molecule.status = BeadStatus.CLOSED if done else BeadStatus.FAILED
    molecule.closed_at = molecule.updated_at = moment.now
    town.finals[molecule.id] = town.molecules.pop(molecule.id)


def abandon_review(town: Town, review: Review, moment: Moment) -> None:
    """End the review of a bead that has ended; a merge that is under way is let finish."""
    review.abandoned = True
    if not review.is_merge_asked:
        end_review(town, review, ReviewPhase.FAILED, moment, failure="abandoned")


def end_review(town: Town, review: Review, phase: ReviewPhase, moment: Moment, *, failure: str | None = None) -> None:
    """End a review for good: its refinery is freed, its open fixes are closed."""
    release(town, review, RunEnd.CANCELLED, moment, reason=f"the review is {phase}")
    review.phase, review.failure, review.closed_at, review.updated_at = phase, failure, moment.now, moment.now
    if review.merge_command:
        town.commands.pop(review.merge_command, None)
    del town.reviews[review.id]
    town.finals[review.id] = review
    subject = review.source_id or review.convoy_id or review.id
    town.note(
        Note(
            bead_id=subject,
            type="review_completed",
            at=moment.now,
            new=phase,
            metadata={"review_id": review.id, "failure": failure, "branch": review.branch},
        )
    )
    for fix in list(town.fixes_of(review.id)):
        end_bead(town, fix, BeadStatus.CLOSED, "review_over", moment)


def merge_review(town: Town, review: Review, receipt: Receipt, moment: Moment) -> None:
    """Take a review's merge as done: the source is closed, the convoy knows its new feature head."""
    review.receipt = receipt
    convoy = town.convoys.get(review.convoy_id) if review.convoy_id else None
    if convoy is not None and receipt.target_branch == convoy.feature_branch:
        convoy.feature_sha, convoy.updated_at = receipt.commit_sha, moment.now
    elif convoy is not None and review.is_landing:
        convoy.receipt_sha, convoy.updated_at = convoy.feature_sha, moment.now
    end_review(town, review, ReviewPhase.MERGED, moment)
    if review.source_id and (source := town.beads.get(review.source_id)):
        source.accepted_sha = receipt.commit_sha
        end_bead(town, source, BeadStatus.CLOSED, "merged", moment)
        tell_landed(town, source, moment)


def fail_review(town: Town, review: Review, failure: str, moment: Moment) -> None:
    """Fail a review; its source tries again, or fails too when its rejections are used up."""
    end_review(town, review, ReviewPhase.FAILED, moment, failure=failure)
    source = town.beads.get(review.source_id) if review.source_id else None
    if source is None or review.abandoned:
        return
    source.rejections += 1
    if REJECTIONS.is_over(source.rejections):
        fail_bead(town, source, "rejected", failure, moment)
    else:
        reopen(town, source, moment, reason=f"review failed: {failure}")


def reopen(town: Town, bead: Bead, moment: Moment, *, reason: str) -> None:
    """Give a bead back to the queue after its backoff."""
    set_status(town, bead, BeadStatus.OPEN, moment, reason=reason)
    bead.not_before = moment.now + backoff(bead.attempts)


def fail_bead(town: Town, bead: Bead, outcome: str, message: str, moment: Moment) -> None:
    """Fail a bead with exactly one escalation that says what a person can do.

    A triage batch fails without one: its requests are asked again or handed to a person, each at most three times.
    """
    bead.failure = message
    end_bead(town, bead, BeadStatus.FAILED, outcome, moment)
    if bead.is_triage_batch:
        town.triage_not_before = moment.now + BATCHES.wait(0)
        return
    waiting = [other.title for other in town.beads.values() if bead.id in other.blockers]
    raise_escalation(
        town,
        moment,
        cause=f"{BEAD_FAILED}{bead.id}",
        severity=Severity.HIGH,
        title=f"Bead failed: {bead.title}",
        message=f"{message}. Blocked by it: {', '.join(waiting) or 'nothing'}.",
        bead_id=bead.id,
        rig_id=bead.rig_id,
    )


def lose_run(town: Town, agent: Agent, how: RunEnd, moment: Moment, *, reason: str) -> None:
    """End a run without `done`; its bead or review goes back to the queue, or fails when its attempts are used up."""
    hook, checkpoint = agent.hook, agent.checkpoint
    if agent.open_run is not None:
        record_failure(town, agent, how, moment)
    end_run(town, agent, how, moment)
    if hook and (bead := town.beads.get(hook)):
        bead.checkpoint = checkpoint
        _requeue_bead(town, bead, how, moment, reason)
    elif hook and (review := town.reviews.get(hook)):
        requeue_review(town, review, moment, reason=reason)


def _requeue_bead(town: Town, bead: Bead, how: RunEnd, moment: Moment, reason: str) -> None:
    if how is RunEnd.EVICTED:
        bead.attempts = max(0, bead.attempts - 1)
    limit = town.rules_for(bead.rig_id).max_attempts
    if bead.attempts >= limit or ALL_STARTS.is_over(bead.total_attempts):
        fail_bead(town, bead, "exhausted", f"{bead.total_attempts} starts without a result; the last: {reason}", moment)
        return
    reopen(town, bead, moment, reason=reason)
    if how is RunEnd.EVICTED:
        bead.not_before = None


def requeue_review(town: Town, review: Review, moment: Moment, *, reason: str) -> None:
    """Send a review back to its queue, or to its fixes, or fail it when its attempts are used up."""
    if review.attempts >= town.rules_for(review.rig_id).max_attempts:
        fail_review(town, review, f"{review.attempts} refinery runs without a verdict; the last: {reason}", moment)
        return
    open_fix = any(True for _ in town.fixes_of(review.id))
    review.phase = ReviewPhase.FIXING if open_fix else ReviewPhase.QUEUED
    review.not_before, review.updated_at = moment.now + backoff(review.attempts), moment.now


def forget_stubs(town: Town, most: int) -> bool:
    """Drop stubs that no live bead and no live convoy refers to any more; whether more of them are left."""
    wanted: set[BeadId] = {blocker for bead in town.beads.values() for blocker in bead.blockers}
    wanted.update(member for convoy in town.convoys.values() for member in convoy.beads)
    unused = [stub for stub in town.stubs if stub not in wanted]
    for stub in unused[:most]:
        del town.stubs[stub]
    return len(unused) > most
