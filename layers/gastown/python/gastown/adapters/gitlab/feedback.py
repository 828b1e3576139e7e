"""What stands between a merge request and its merge, gathered from four places."""

from typing import Final

from gastown.adapters.gitlab.answers import Failure
from gastown.adapters.gitlab.checks import Checks, read_checks, with_pipeline
from gastown.adapters.gitlab.client import Conversation
from gastown.adapters.gitlab.merge_request import MergeRequest, read_merge_request
from gastown.adapters.gitlab.reviews import Approvals, Threads, read_approvals, read_changes_requested, read_threads
from gastown.domain.pull import Feedback, HttpError, PullRef

NOT_APPROVED: Final = "not_approved"
REQUESTED_CHANGES: Final = "requested_changes"


def gather(call: Conversation, pull: PullRef, head_sha: str) -> Feedback | Failure:
    """Read the merge request, then its parts; a part that cannot be read is missing, and nothing is green without it.

    What is said of another head than the one that was asked for counts as missing too.
    """
    request = read_merge_request(call, pull)
    if not isinstance(request, MergeRequest):
        return request
    threads = read_threads(call, pull)
    approvals = read_approvals(call, pull, request)
    changes = read_changes_requested(call, pull, request)
    checks = read_checks(call, pull.repository, head_sha)
    parts = (("discussions", threads), ("approvals", approvals), ("reviewers", changes), ("checks", checks))
    missing = tuple(f"{name}: {_why(part)}" for name, part in parts if isinstance(part, Failure))
    if request.state.head_sha != head_sha:
        missing = (*missing, f"head: the merge request is at {request.state.head_sha or 'no commit'}")
    found = threads if isinstance(threads, Threads) else Threads(threads=(), has_more=False)
    given = approvals if isinstance(approvals, Approvals) else Approvals()
    red = with_pipeline(checks, request.pipeline) if isinstance(checks, Checks) else Checks()
    wants_changes = changes is True or request.word == REQUESTED_CHANGES
    return Feedback(
        head_sha=head_sha,
        threads=found.threads,
        more_threads=found.has_more,
        failing=red.failing,
        pending=red.pending,
        unchecked=red.has_more,
        awaiting_approval=given.left > 0 or request.word == NOT_APPROVED,
        changes_requested=wants_changes,
        decision=_decision(given, request, wants_changes=wants_changes),
        missing=missing,
    )


def _decision(given: Approvals, request: MergeRequest, *, wants_changes: bool) -> str | None:
    """One word for where the review stands, in GitLab's own."""
    if wants_changes:
        return REQUESTED_CHANGES
    if given.left > 0 or request.word == NOT_APPROVED:
        return NOT_APPROVED
    return "approved" if given.any_given else None


def _why(failure: Failure) -> str:
    """A failure in a few words, for the person who wonders why nothing merges."""
    if isinstance(failure, HttpError):
        return f"HTTP {failure.status} {failure.text}".strip() if failure.status else failure.text
    return failure.reason
