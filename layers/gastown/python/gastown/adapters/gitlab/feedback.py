"""What stands between a merge request and its merge, gathered from five places."""

from collections.abc import Mapping
from typing import Final

from gastown.adapters.gitlab.calls import Calls, Failure
from gastown.adapters.gitlab.checks import Checks, read_checks, with_pipeline
from gastown.adapters.gitlab.merge_request import read_merge_request
from gastown.adapters.gitlab.reviews import (
    NO_APPROVALS,
    Threads,
    read_approvals,
    read_changes_requested,
    read_threads,
)
from gastown.adapters.gitlab.shapes import Approvals, MergeRequest
from gastown.domain.pull import Feedback, HttpError, PullRef

NOT_APPROVED: Final = "not_approved"
REQUESTED_CHANGES: Final = "requested_changes"


def gather(calls: Calls, pull: PullRef, head_sha: str) -> Feedback | Failure:
    """Read the merge request, then its parts; a part that cannot be read is missing, and nothing is green without it.

    What is said of another head than the one that was asked for counts as missing too.
    """
    request = read_merge_request(calls, pull)
    if not isinstance(request, MergeRequest):
        return request
    threads = read_threads(calls, pull)
    approvals = read_approvals(calls, pull, request)
    changes = read_changes_requested(calls, pull, request)
    checks = read_checks(calls, pull.repository, head_sha)
    parts = {"discussions": threads, "approvals": approvals, "reviewers": changes, "checks": checks}
    said = threads if isinstance(threads, Threads) else Threads()
    given = approvals if isinstance(approvals, Approvals) else NO_APPROVALS
    red = with_pipeline(checks, request) if isinstance(checks, Checks) else Checks()
    decision = _decision(given, request, wants_changes=changes is True)
    return Feedback(
        head_sha=head_sha,
        threads=said.threads,
        more_threads=said.has_more,
        failing=red.failing,
        pending=red.pending,
        unchecked=red.has_more,
        awaiting_approval=bool(given.approvals_left) or request.word == NOT_APPROVED,
        changes_requested=decision == REQUESTED_CHANGES,
        decision=decision,
        missing=(*_unread(parts), *_other_head(request, head_sha)),
    )


def _decision(given: Approvals, request: MergeRequest, *, wants_changes: bool) -> str | None:
    """One word for where the review stands, in GitLab's own."""
    if wants_changes or request.word == REQUESTED_CHANGES:
        return REQUESTED_CHANGES
    if given.approvals_left or request.word == NOT_APPROVED:
        return NOT_APPROVED
    return "approved" if given.approved_by else None


def _unread(parts: Mapping[str, object]) -> tuple[str, ...]:
    """The parts that are failures, each with why, for the person who wonders why nothing merges."""
    return tuple(f"{name}: {_why(part)}" for name, part in parts.items() if isinstance(part, Failure))


def _why(failure: Failure) -> str:
    if isinstance(failure, HttpError):
        return f"HTTP {failure.status} {failure.text}" if failure.status else failure.text
    return failure.reason


def _other_head(request: MergeRequest, head_sha: str) -> tuple[str, ...]:
    return () if request.sha == head_sha else (f"head: the merge request is at {request.sha or 'no commit'}",)
