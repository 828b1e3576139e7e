"""Merging exactly one commit, and finding out what happened when GitLab says no."""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from gastown.adapters.gitlab.calls import Calls, Failure
from gastown.adapters.gitlab.merge_request import merge_request_path, read_merge_request, state_of
from gastown.adapters.gitlab.shapes import MergeRequest
from gastown.domain.pull import (
    HttpError,
    InvalidResponse,
    Mergeability,
    PullMerge,
    PullMerged,
    PullRef,
    PullState,
    PullStatus,
)

REFUSALS: Final = frozenset({401, 405, 406, 409, 422})
"""How GitLab says no; 406 is what older versions say of a conflict."""

NO_RIGHT: Final = "the token is good, and its user may not merge into"
UNDER_WAY: Final = "GitLab has not finished the merge"


def merge(calls: Calls, pull: PullRef, sha: str, title: str) -> PullMerged | Failure:
    """`PUT /projects/:id/merge_requests/:iid/merge` with `sha`; the project's settings choose the method.

    `squash` is not sent: then GitLab squashes if project and merge request ask for it, and only then.
    After a refusal the merge request itself is looked at, so a merge whose answer was lost is found by the next try.
    401 is also what GitLab says to a good token whose user may not merge: then it is told as 403, which it means.
    https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request
    """
    body: dict[str, object] = {"sha": sha}
    if title:
        message = f"{title}\n\nSee merge request {pull.repository.path}!{pull.number}"
        body |= {"merge_commit_message": message, "squash_commit_message": message}
    answer = calls.change("PUT", f"{merge_request_path(pull)}/merge", body)
    if isinstance(answer, HttpError):
        return _refused(calls, pull, sha, answer)
    merged = calls.shaped(MergeRequest, answer)
    if isinstance(merged, InvalidResponse):
        return merged
    if merged.state != PullStatus.MERGED:
        return PullMerged(how=PullMerge.NOT_READY, head_sha=merged.sha, message=UNDER_WAY)
    return PullMerged(how=PullMerge.MERGED, commit_sha=merged.landed_as, head_sha=sha)


def _refused(calls: Calls, pull: PullRef, sha: str, error: HttpError) -> PullMerged | Failure:
    """Say why it was refused, by what the merge request is now."""
    if error.status not in REFUSALS:
        return error
    request = read_merge_request(calls, pull)
    if not isinstance(request, MergeRequest):
        return request
    if error.status == HTTPStatus.UNAUTHORIZED:
        return replace(error, status=HTTPStatus.FORBIDDEN.value, text=f"{NO_RIGHT} {request.target_branch}")
    return _explained(state_of(request), sha, error.text)


def _explained(state: PullState, sha: str, message: str) -> PullMerged:
    """Tell a merge that was done before, another head and a conflict from what is merely not ready."""
    if state.status is PullStatus.MERGED:
        return PullMerged(how=PullMerge.ALREADY_MERGED, commit_sha=state.merge_commit_sha, head_sha=state.head_sha)
    how = PullMerge.NOT_READY
    if state.status is PullStatus.OPEN and state.head_sha != sha:
        how = PullMerge.MOVED
    elif state.status is PullStatus.OPEN and state.mergeability is Mergeability.CONFLICT:
        how = PullMerge.CONFLICT
    why = state.merge_state if state.status is PullStatus.OPEN else state.status.value
    return PullMerged(how=how, head_sha=state.head_sha, message=": ".join(word for word in (message, why) if word))
