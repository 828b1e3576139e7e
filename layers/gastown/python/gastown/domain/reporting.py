"""What agents and their container report of a run: done, changes, completed, started or refused.

A report names the run by its dispatch number. An older number is refused as stale; a report of a run that has ended
changes nothing, except that a late `done` is kept while the bead still belongs to that run and nobody else has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gastown.domain.agent import Agent, AgentStatus, Role, Run, RunEnd
from gastown.domain.attempts import ALL_STARTS
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.ending import backoff, end_bead, end_run, fail_review, lose_run, requeue_review, set_status
from gastown.domain.errors import Conflict, Forbidden, Invalid, StaleDispatch
from gastown.domain.escalation import Severity
from gastown.domain.event import Note
from gastown.domain.fixing import Wish, ask_for_fix
from gastown.domain.ids import BeadId, Moment
from gastown.domain.limits import POLL_INTERVAL, REFUSALS_TOLD
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation
from gastown.domain.watch import Watch

LATE = frozenset({RunEnd.LOST, RunEnd.COMPLETED})
EXCUSES = frozenset({"infrastructure", "draining", "capacity"})
"""Causes of a refused start for which no bead pays (REQ-3.8)."""

EVICTION = "container eviction"
"""The reason with which a container that ECS takes away reports its agents' ends (town facts, 2.9)."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """An agent's `done`: the branch it pushed and that branch's head."""

    branch: str
    head_sha: str | None = None
    pr_url: str | None = None
    summary: str | None = None


def check_dispatch(agent: Agent, dispatch: int) -> Run:
    """The agent's run of this number; raises `StaleDispatch` for an older one."""
    if agent.run is None or dispatch != agent.dispatch:
        raise StaleDispatch(f"stale dispatch: {dispatch} is not the current run of {agent.name}")
    return agent.run


def apply_done(town: Town, agent_id: str, dispatch: int, done: Done, moment: Moment) -> None:
    """Apply an agent's `done`: a task goes to review, a fix to its review, a refinery's is its approval."""
    agent = town.agent(agent_id)
    run = check_dispatch(agent, dispatch)
    if not run.is_open:
        _late_done(town, agent, run, done, moment)
        return
    agent.crashes = []
    if agent.role is Role.REFINERY:
        _approve(town, agent, done, moment)
    else:
        bead = town.bead(run.hook)
        end_run(town, agent, RunEnd.DONE, moment)
        accept_work(town, bead, agent, done, moment)


def _late_done(town: Town, agent: Agent, run: Run, done: Done, moment: Moment) -> None:
    if agent.role is Role.REFINERY:
        if run.ended in LATE:
            _refuse_unhooked_approval(town, agent, run, moment)
        return
    bead = town.beads.get(run.hook)
    if run.ended not in LATE or bead is None or bead.status is not BeadStatus.OPEN or bead.assignee is not None:
        return
    run.ended, run.ended_at = RunEnd.DONE, moment.now
    agent.crashes = []
    accept_work(town, bead, agent, done, moment)


def _refuse_unhooked_approval(town: Town, agent: Agent, run: Run, moment: Moment) -> None:
    """A refinery that lost its run proves nothing: the review fails, a person is told, nothing merges (REQ-6.5)."""
    review = town.reviews.get(run.hook)
    if review is None or review.assignee is not None or review.phase is not ReviewPhase.QUEUED:
        return
    raise_escalation(
        town,
        moment,
        cause=f"unhooked_done:{review.id}",
        severity=Severity.HIGH,
        title=f"A refinery reported done without its hook: {review.title}",
        message="Its run was lost before the report, so nothing was merged; the work goes back to the queue.",
        bead_id=review.source_id,
        rig_id=review.rig_id,
        source_agent=agent.id,
        metadata={"kind": "refinery_unhooked_done"},
    )
    fail_review(town, review, "unhooked_done", moment)


def accept_work(town: Town, bead: Bead, agent: Agent, done: Done, moment: Moment) -> None:
    """Take a polecat's work: a new review of the reported sha, or new content for the review that asked for a fix."""
    if bead.is_triage_batch:
        end_bead(town, bead, BeadStatus.CLOSED, "triaged", moment)
        return
    sha = done.head_sha or ""
    bead.accepted_sha, bead.left_work = sha or None, []
    if bead.is_fix:
        review = town.reviews.get(bead.parent_id) if bead.parent_id else None
        if review is not None:
            review.sha, review.updated_at = sha, moment.now
            review.branch = done.branch if review.strategy is MergeStrategy.DIRECT else review.branch
        end_bead(town, bead, BeadStatus.CLOSED, "accepted", moment)
        return
    set_status(town, bead, BeadStatus.IN_REVIEW, moment)
    _submit(town, bead, agent, done, moment)


def _submit(town: Town, bead: Bead, agent: Agent, done: Done, moment: Moment) -> None:
    """Put a polecat's work before the refinery, to be merged as the rig's settings say now."""
    review = Review(
        id=BeadId(moment.new_id()),
        rig_id=bead.rig_id,
        title=f"Review: {bead.title}",
        branch=done.branch,
        sha=done.head_sha or "",
        target_branch=town.target_branch(bead),
        base_branch=town.rig(bead.rig_id).default_branch,
        created_at=moment.now,
        updated_at=moment.now,
        source_id=bead.id,
        strategy=town.rules_for(bead.rig_id).merge_strategy,
        watch=Watch(claimed_url=(done.pr_url or "")[:500] or None),
        convoy_id=bead.convoy_id,
        summary=(done.summary or "")[:500] or None,
    )
    town.reviews[review.id] = review
    town.note(
        Note(
            bead_id=bead.id,
            type="review_submitted",
            at=moment.now,
            agent_id=agent.id,
            new=done.branch,
            metadata={"review_id": review.id, "sha": review.sha, "target_branch": review.target_branch},
        )
    )


def approve(review: Review, agent: Agent | None, moment: Moment) -> None:
    """Approve a review's sha; from here only a merge of exactly that sha follows, by the platform or the provider."""
    direct = review.strategy is MergeStrategy.DIRECT
    review.phase, review.updated_at = ReviewPhase.MERGING if direct else ReviewPhase.WATCHING, moment.now
    review.approved_sha, review.approved_at = review.sha, moment.now
    review.approved_by = agent.id if agent else None
    polled = review.watch.polled_at
    review.watch.next_at = polled + POLL_INTERVAL if polled is not None else None
    review.merge_tries, review.merge_started_at, review.not_before = 0, moment.now, None


def _approve(town: Town, agent: Agent, done: Done, moment: Moment) -> None:
    """A hooked refinery's `done` approves the sha under review; with an open fix it only releases the refinery."""
    review = town.reviews.get(agent.hook) if agent.hook else None
    if review is None:
        end_run(town, agent, RunEnd.RELEASED, moment)
        return
    if any(True for _ in town.fixes_of(review.id)):
        end_run(town, agent, RunEnd.RELEASED, moment)
        review.phase = ReviewPhase.FIXING
    elif done.head_sha and done.head_sha != review.sha:
        end_run(town, agent, RunEnd.RELEASED, moment)
        requeue_review(town, review, moment, reason=f"the approval names {done.head_sha}, not the sha under review")
    else:
        end_run(town, agent, RunEnd.APPROVE, moment)
        approve(review, agent, moment)
        town.note(
            Note(
                bead_id=review.source_id or review.id,
                type="review_approved",
                at=moment.now,
                agent_id=agent.id,
                new=review.sha,
            )
        )


def request_changes(
    town: Town, agent_id: str, dispatch: int, feedback: str, files: Sequence[str], moment: Moment
) -> BeadId:
    """A refinery wants changes: one fix bead that the review waits for. Raises `Forbidden`, `Conflict`, `Invalid`."""
    agent = town.agent(agent_id)
    run = check_dispatch(agent, dispatch)
    if agent.role is not Role.REFINERY:
        raise Forbidden("Only a refinery requests changes")
    review = town.reviews.get(run.hook)
    if not run.is_open or review is None:
        raise Conflict("This refinery has no review under way")
    if not feedback.strip():
        raise Invalid("Feedback says what to change", field="feedback")
    agent.crashes = []
    end_run(town, agent, RunEnd.CHANGES, moment)
    return ask_for_fix(town, review, Wish(text=feedback, files=files), moment)


@dataclass(frozen=True, kw_only=True)
class Exit:
    """How an agent's process ended, and the commit on the remote that holds its work, if it has any."""

    failed: bool
    reason: str | None = None
    saved_sha: str | None = None


def apply_completed(town: Town, agent_id: str, dispatch: int, ended: Exit, moment: Moment) -> None:
    """Apply the exit of an agent's process; without a `done` before it the run counts as completed without result."""
    agent = town.agent(agent_id)
    run = check_dispatch(agent, dispatch)
    if not run.is_open:
        return
    run.saved_sha = ended.saved_sha or run.saved_sha
    how = RunEnd.EVICTED if ended.reason == EVICTION else RunEnd.COMPLETED
    said = f": {ended.reason}" if ended.reason else ""
    end = "failed" if ended.failed else "ended"
    lose_run(town, agent, how, moment, reason=f"the agent's process {end} without done{said}")


def accept_start(town: Town, agent_id: str, dispatch: int, moment: Moment) -> None:
    """The container runs the agent: it is alive from now."""
    agent = town.agent(agent_id)
    run = check_dispatch(agent, dispatch)
    if run.is_open:
        run.accepted_at, agent.status = moment.now, AgentStatus.WORKING
        held = town.beads.get(run.hook) or town.reviews.get(run.hook)
        if held is not None:
            held.refusals = 0


def refuse_start(town: Town, agent_id: str, dispatch: int, cause: str, error: str, moment: Moment) -> None:
    """The container did not start the agent: rolled back at once; infrastructure costs no attempt (REQ-3.8, 6.12)."""
    agent = town.agent(agent_id)
    run = check_dispatch(agent, dispatch)
    if not run.is_open:
        return
    reason = f"start refused ({cause}): {error[:300]}"
    held = town.beads.get(run.hook) or town.reviews.get(run.hook)
    excused = held if cause in EXCUSES else None
    if excused is not None:
        excused.attempts, excused.refusals = max(0, excused.attempts - 1), excused.refusals + 1
    lose_run(town, agent, RunEnd.REFUSED, moment, reason=reason)
    if excused is not None:
        _wait_out(town, excused, reason, moment)


def _wait_out(town: Town, held: Bead | Review, reason: str, moment: Moment) -> None:
    """Wait longer with each refusal in a row, tell a person once, and stop at the bound of all starts."""
    held.not_before = moment.now + backoff(held.refusals)
    if held.refusals >= REFUSALS_TOLD and held.id in {**town.beads, **town.reviews}:
        raise_escalation(
            town,
            moment,
            cause=f"infrastructure:{held.rig_id}",
            severity=Severity.MEDIUM,
            title=f"Agents cannot start in rig {town.rig(held.rig_id).name}",
            message=f"{reason}. Starts go on with longer waits and cost no attempt; mend what is outside.",
            rig_id=held.rig_id,
        )
    if isinstance(held, Review) and ALL_STARTS.is_over(held.refusals) and held.id in town.reviews:
        fail_review(town, held, reason, moment)
