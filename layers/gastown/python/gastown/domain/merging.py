"""The platform's merge of an approved sha: asked of the container by command, answered by one of seven outcomes."""

from dataclasses import dataclass, field

from gastown.domain.attempts import MERGES
from gastown.domain.command import Command, CommandKind
from gastown.domain.ending import end_review, fail_review, merge_review, requeue_review
from gastown.domain.fixing import Wish, ask_for_fix, settle_conflict, withdraw
from gastown.domain.ids import CommandId, Moment
from gastown.domain.limits import MERGE_GIVE_UP, MERGE_UNAVAILABLE_RETRY
from gastown.domain.merge_status import MergeStatus
from gastown.domain.review import GateResult, Receipt, Review, ReviewPhase
from gastown.domain.town import Town


@dataclass(frozen=True, kw_only=True)
class MergeOutcome:
    """What the container reports of one merge attempt."""

    review_id: str
    attempt: int
    status: MergeStatus
    commit_sha: str | None = None
    tree: str | None = None
    head: str | None = None
    gates: list[GateResult] = field(default_factory=list)
    message: str = ""


def ask_merge(town: Town, review: Review, moment: Moment) -> None:
    """Leave the command to merge exactly the approved sha; every ask has a number of its own. After a day it fails."""
    if review.merge_command and moment.now - (review.merge_started_at or moment.now) >= MERGE_GIVE_UP:
        fail_review(town, review, "the container reported no merge for a day", moment)
        return
    review.merge_attempt += 1
    command_id = CommandId(moment.new_id())
    review.merge_command, review.merge_asked_at = command_id, moment.now
    town.commands[command_id] = Command(
        id=command_id,
        kind=CommandKind.MERGE,
        generation=town.container.generation,
        created_at=moment.now,
        rig_id=review.rig_id,
        review_id=review.id,
        attempt=review.merge_attempt,
    )


def apply_merge(  # noqa: C901, PLR0912 - one case an outcome reads best in one place
    town: Town, outcome: MergeOutcome, moment: Moment
) -> None:
    """Apply the outcome of the current attempt; an older attempt's outcome changes nothing (invariant 7)."""
    review = next((r for r in town.reviews.values() if r.id == outcome.review_id), None)
    if review is None or review.phase is not ReviewPhase.MERGING or review.merge_attempt != outcome.attempt:
        return
    if review.merge_command:
        town.commands.pop(review.merge_command, None)
        review.merge_command = None
    match outcome.status:
        case MergeStatus.MERGED | MergeStatus.ALREADY_MERGED:
            merge_review(town, review, _receipt(review, outcome, moment), moment)
        case _ if review.abandoned:
            end_review(town, review, ReviewPhase.FAILED, moment, failure="abandoned")
        case MergeStatus.CONFLICT:
            settle_conflict(town, review, outcome.message, moment)
        case MergeStatus.GATE_FAILED:
            ask_for_fix(town, review, Wish(text=_gate_feedback(outcome)), moment)
        case MergeStatus.MOVED:
            review.sha = outcome.head or review.sha
            withdraw(review, moment)
            requeue_review(town, review, moment, reason="the branch moved after its approval")
        case MergeStatus.PUSH_LOST:
            _lost_race(town, review, moment)
        case MergeStatus.UNAVAILABLE:
            postpone(town, review, outcome.message, moment)


def _receipt(review: Review, outcome: MergeOutcome, moment: Moment) -> Receipt:
    return Receipt(
        sha=review.approved_sha or review.sha,
        commit_sha=outcome.commit_sha or review.sha,
        tree=outcome.tree,
        target_branch=review.target_branch,
        approved_by=review.approved_by,
        merged_at=moment.now,
        gates=outcome.gates,
    )


def _gate_feedback(outcome: MergeOutcome) -> str:
    red = [gate for gate in outcome.gates if gate.exit_code != 0]
    parts = [f"Gate `{gate.command}` failed ({gate.exit_code}) on the merged tree:\n{gate.output}" for gate in red]
    return "\n\n".join(parts) or outcome.message or "A gate failed on the merged tree."


def _lost_race(town: Town, review: Review, moment: Moment) -> None:
    review.merge_tries += 1
    if MERGES.is_over(review.merge_tries):
        withdraw(review, moment)
        requeue_review(town, review, moment, reason="the target branch kept moving")
    else:
        review.not_before = moment.now + MERGES.wait(review.merge_tries)


def postpone(town: Town, review: Review, why: str, moment: Moment) -> None:
    """Try a merge again in a minute; after a day without success the review fails."""
    started = review.merge_started_at or moment.now
    if moment.now - started >= MERGE_GIVE_UP:
        fail_review(town, review, f"the merge stayed unavailable for a day; the last: {why[:300]}", moment)
    else:
        review.merge_command, review.not_before = None, moment.now + MERGE_UNAVAILABLE_RETRY
