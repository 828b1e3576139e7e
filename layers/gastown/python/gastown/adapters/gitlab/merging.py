"""Merging exactly one commit, and finding out what happened when GitLab says no."""

from typing import Final

from gastown.adapters.gitlab.answers import Answer, Failure, misshapen
from gastown.adapters.gitlab.client import Conversation
from gastown.adapters.gitlab.merge_request import MergeRequest, landed_as, merge_request_path, read_merge_request
from gastown.domain.pull import HttpError, Mergeability, PullMerge, PullMerged, PullRef, PullStatus

REFUSALS: Final = frozenset({405, 406, 409, 422})
"""How GitLab says no; 406 is what it said before version 15."""


def merge(call: Conversation, pull: PullRef, sha: str, title: str) -> PullMerged | Failure:
    """`PUT /projects/:id/merge_requests/:iid/merge` with `sha`; whatever the method, the project's settings choose it.

    `squash` is not sent: then GitLab squashes if project and merge request ask for it, and only then.
    After a refusal the merge request itself is looked at, so a merge whose answer was lost is found by the next try.
    https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request
    """
    body: dict[str, object] = {"sha": sha}
    if title:
        message = f"{title}\n\nSee merge request {pull.repository.path}!{pull.number}"
        body |= {"merge_commit_message": message, "squash_commit_message": message}
    answer = call.send("PUT", f"{merge_request_path(pull)}/merge", body)
    if isinstance(answer, HttpError) and answer.status in REFUSALS:
        return _explained(call, pull, sha, answer.text)
    if not isinstance(answer, Answer):
        return answer
    if not isinstance(answer.body, dict) or not isinstance(answer.body.get("state"), str):
        return misshapen(answer.body)
    if answer.body["state"] != "merged":
        return PullMerged(how=PullMerge.NOT_READY, head_sha=sha, message="GitLab has not finished the merge")
    return PullMerged(how=PullMerge.MERGED, commit_sha=landed_as(answer.body), head_sha=sha)


def _explained(call: Conversation, pull: PullRef, sha: str, message: str) -> PullMerged | Failure:
    """Say why it was refused, by what the merge request is now."""
    request = read_merge_request(call, pull)
    if not isinstance(request, MergeRequest):
        return request
    state = request.state
    how = PullMerge.NOT_READY
    if state.status is PullStatus.MERGED:
        how = PullMerge.ALREADY_MERGED
    elif state.head_sha != sha:
        how = PullMerge.MOVED
    elif state.mergeability is Mergeability.CONFLICT:
        how = PullMerge.CONFLICT
    words = [message, state.status.value if state.status is PullStatus.CLOSED else request.word]
    return PullMerged(
        how=how,
        commit_sha=state.merge_commit_sha,
        head_sha=state.head_sha,
        message=": ".join(word for word in words if word),
    )
