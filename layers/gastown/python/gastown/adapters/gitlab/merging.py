"""Merging exactly one commit, and finding out what happened when GitLab says no."""

from typing import Final

from gastown.adapters.gitlab.calls import Calls, Failure
from gastown.adapters.gitlab.merge_request import merge_request_path, read_merge_request, state_of
from gastown.adapters.gitlab.shapes import MergeRequest
from gastown.domain.pull import HttpError, InvalidResponse, Mergeability, PullMerge, PullMerged, PullRef, PullStatus

REFUSALS: Final = frozenset({405, 406, 409, 422})
"""How GitLab says no; 406 is what older versions say of a conflict."""

UNDER_WAY: Final = "GitLab has not finished the merge"


def merge(calls: Calls, pull: PullRef, sha: str, title: str) -> PullMerged | Failure:
    """`PUT /projects/:id/merge_requests/:iid/merge` with `sha`; the project's settings choose the method.

    `squash` is not sent: then GitLab squashes if project and merge request ask for it, and only then.
    After a refusal the merge request itself is looked at, so a merge whose answer was lost is found by the next try.
    https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request
    """
    body: dict[str, object] = {"sha": sha}
    if title:
        message = f"{title}\n\nSee merge request {pull.repository.path}!{pull.number}"
        body |= {"merge_commit_message": message, "squash_commit_message": message}
    answer = calls.change("PUT", f"{merge_request_path(pull)}/merge", body)
    if isinstance(answer, HttpError):
        return _explained(calls, pull, sha, answer.text) if answer.status in REFUSALS else answer
    merged = calls.shaped(MergeRequest, answer)
    if isinstance(merged, InvalidResponse):
        return merged
    if merged.state != PullStatus.MERGED:
        return PullMerged(how=PullMerge.NOT_READY, head_sha=merged.sha, message=UNDER_WAY)
    return PullMerged(how=PullMerge.MERGED, commit_sha=merged.landed_as, head_sha=sha)


def _explained(calls: Calls, pull: PullRef, sha: str, message: str) -> PullMerged | Failure:
    """Say why it was refused, by what the merge request is now."""
    request = read_merge_request(calls, pull)
    if not isinstance(request, MergeRequest):
        return request
    state = state_of(request)
    if state.status is PullStatus.MERGED:
        return PullMerged(how=PullMerge.ALREADY_MERGED, commit_sha=state.merge_commit_sha, head_sha=state.head_sha)
    how = PullMerge.NOT_READY
    if state.status is PullStatus.OPEN and state.head_sha != sha:
        how = PullMerge.MOVED
    elif state.status is PullStatus.OPEN and state.mergeability is Mergeability.CONFLICT:
        how = PullMerge.CONFLICT
    why = request.word if state.status is PullStatus.OPEN else request.state
    return PullMerged(how=how, head_sha=state.head_sha, message=": ".join(word for word in (message, why) if word))
