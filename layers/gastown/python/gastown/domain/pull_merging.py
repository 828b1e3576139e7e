"""How a provider answers a merge: merged, moved, in conflict, or not now, which is tried again a few times only."""

from gastown.domain.attempts import MERGES
from gastown.domain.ending import end_review, merge_review, requeue_review
from gastown.domain.escalation import Severity
from gastown.domain.fixing import settle_conflict, withdraw
from gastown.domain.ids import Moment
from gastown.domain.limits import POLL_INTERVAL
from gastown.domain.pull import PullMerge, PullMerged
from gastown.domain.review import Receipt, Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation


def settle_merge(town: Town, review: Review, answer: PullMerged, moment: Moment) -> None:
    """Apply the provider's answer to a merge of the approved sha."""
    review.watch.is_merging, review.watch.green_since = False, None
    review.watch.next_at = moment.now + POLL_INTERVAL
    match answer.how:
        case PullMerge.MERGED | PullMerge.ALREADY_MERGED:
            merge_review(town, review, _receipt(review, answer, moment), moment)
        case _ if review.abandoned:
            end_review(town, review, ReviewPhase.FAILED, moment, failure="abandoned")
        case PullMerge.MOVED:
            review.sha = answer.head_sha or review.sha
            withdraw(review, moment)
            requeue_review(town, review, moment, reason="the branch moved after its approval")
        case PullMerge.CONFLICT:
            review.watch.conflict_sha = review.sha
            settle_conflict(town, review, answer.message or "the provider refused the merge", moment)
        case PullMerge.NOT_READY:
            said = answer.message[:300] or "the provider refused"
            review.phase, review.watch.held_by = ReviewPhase.WATCHING, [said]
            count_refused_merge(town, review, said, moment)


def count_refused_merge(town: Town, review: Review, said: str, moment: Moment) -> None:
    """A merge of a request that looked green did not come about; after enough of them a person has to merge it."""
    review.merge_tries += 1
    if MERGES.is_over(review.merge_tries) and not review.abandoned:
        raise_escalation(
            town,
            moment,
            cause=f"merge_refused:{review.id}",
            severity=Severity.HIGH,
            title=f"Its provider does not merge: {review.title}",
            message=f"{review.watch.url} looks green, and {review.merge_tries} merges failed; the last: {said}. Merge "
            "it there, or push to it, which has it reviewed and tried again.",
            bead_id=review.source_id or review.convoy_id,
            rig_id=review.rig_id,
        )


def _receipt(review: Review, answer: PullMerged, moment: Moment) -> Receipt:
    """What landed: the approved sha, or another head that somebody merged in between."""
    approved = review.approved_sha or review.sha
    sha = answer.head_sha or approved
    return Receipt(
        sha=sha,
        commit_sha=answer.commit_sha or sha,
        tree=None,
        target_branch=review.target_branch,
        approved_by=review.approved_by if sha == approved else None,
        merged_at=moment.now,
        outside=sha != approved,
    )
