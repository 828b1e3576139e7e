"""What stands between a pull request and its merge: reviews, threads and checks of one head, put together."""

from typing import Final

from gastown.adapters.github.checks import Checks, read_checks
from gastown.adapters.github.reviews import Reviewed, read_reviews
from gastown.adapters.github.session import Session
from gastown.domain.pull import Feedback, HttpError, InvalidResponse, PullRef

REVIEW_REQUIRED: Final = "REVIEW_REQUIRED"
BLOCKED: Final = "BLOCKED"


def read_feedback(session: Session, pull: PullRef, head_sha: str) -> Feedback | HttpError | InvalidResponse:
    """Read it all; whatever cannot be read is named, and then it is never green."""
    reviewed = read_reviews(session, pull)
    if not isinstance(reviewed, Reviewed):
        return reviewed
    return put_together(reviewed, read_checks(session, head_sha), head_sha)


def put_together(reviewed: Reviewed, checks: Checks, head_sha: str) -> Feedback:
    """The feedback of this head. What was said of another head is missing for this one."""
    now = reviewed.pull.head_ref_oid
    moved = () if now == head_sha else (f"reviews: the head is {now[:40]} now",)
    return Feedback(
        head_sha=head_sha,
        threads=reviewed.threads,
        more_threads=reviewed.more_threads,
        failing=checks.failing,
        pending=checks.pending,
        unchecked=checks.unchecked,
        awaiting_approval=_awaits_approval(reviewed, checks),
        changes_requested=reviewed.changes_requested,
        demands=reviewed.demands(head_sha),
        decision=reviewed.pull.review_decision,
        missing=(*reviewed.missing, *checks.missing, *moved),
    )


def _awaits_approval(reviewed: Reviewed, checks: Checks) -> bool:
    """Whether a review is required, or the merge is blocked by nothing that we can see.

    BLOCKED comes with red or missing checks, open threads, drafts and requests for changes too: then those are told
    and somebody works on them. If none of them is there, a person or a rule of the repository has to let it pass, and
    waiting is all that an agent can do.
    """
    if reviewed.pull.review_decision == REVIEW_REQUIRED:
        return True
    explained = (
        reviewed.pull.is_draft
        or reviewed.changes_requested
        or reviewed.threads
        or reviewed.more_threads
        or reviewed.missing
        or checks.failing
        or checks.pending
        or checks.unchecked
        or checks.missing
    )
    return reviewed.pull.merge_state_status == BLOCKED and not explained
