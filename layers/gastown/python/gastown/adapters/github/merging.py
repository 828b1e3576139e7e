"""Merging one named sha, and finding out why GitHub did not."""

from http import HTTPStatus
from typing import Final

from gastown.adapters.github.pulls import read_pull
from gastown.adapters.github.session import Session
from gastown.adapters.http.shapes import Shape
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

METHODS: Final = ("squash", "merge", "rebase")
METHOD_WORDS: Final = "not allowed"
"""GitHub: "Squash merges are not allowed on this repository." """
REFUSALS: Final = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.CONFLICT})


class Merged(Shape):
    """GitHub's answer to a merge."""

    merged: bool
    sha: str | None = None
    message: str = ""


def merge_pull(session: Session, pull: PullRef, sha: str, title: str) -> PullMerged | HttpError | InvalidResponse:
    """PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge with `sha`, by the first method that is allowed.

    https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request: 405 if it "cannot be performed", 409 if the sha
    "did not match". Both are explained by a look at the pull request, for a merge whose
    answer was lost is refused with 405 too.
    """
    answer = _try_methods(session, pull, sha, title)
    if isinstance(answer, Merged):
        how = PullMerge.MERGED if answer.merged else PullMerge.NOT_READY
        commit = answer.sha if answer.merged else None
        return PullMerged(how=how, commit_sha=commit, head_sha=sha, message=session.conversation.quoted(answer.message))
    if isinstance(answer, HttpError) and answer.status in REFUSALS:
        return _explained(session, pull, sha, answer.text)
    return answer


def _try_methods(session: Session, pull: PullRef, sha: str, title: str) -> Merged | HttpError | InvalidResponse:
    """The first answer that does not say that the repository forbids the method."""
    for method in METHODS[:-1]:
        answer = _put(session, pull, {"sha": sha, "merge_method": method, "commit_title": title})
        if not (isinstance(answer, HttpError) and _forbids_method(answer)):
            return answer
    return _put(session, pull, {"sha": sha, "merge_method": METHODS[-1]})


def _put(session: Session, pull: PullRef, body: dict[str, object]) -> Merged | HttpError | InvalidResponse:
    return session.fetch(Merged, "PUT", f"pulls/{pull.number}/merge", body)


def _forbids_method(refusal: HttpError) -> bool:
    return refusal.status == HTTPStatus.METHOD_NOT_ALLOWED and METHOD_WORDS in refusal.text.lower()


def _explained(session: Session, pull: PullRef, sha: str, message: str) -> PullMerged | HttpError | InvalidResponse:
    """Why it was refused, by what the pull request is now."""
    state = read_pull(session, pull.number)
    if not isinstance(state, PullState):
        return state
    return PullMerged(
        how=_how(state, sha),
        commit_sha=state.merge_commit_sha,
        head_sha=state.head_sha,
        message=_message(state, message),
    )


def _how(state: PullState, sha: str) -> PullMerge:
    if state.status is PullStatus.MERGED:
        return PullMerge.ALREADY_MERGED
    if state.status is PullStatus.CLOSED:
        return PullMerge.NOT_READY
    if state.head_sha != sha:
        return PullMerge.MOVED
    return PullMerge.CONFLICT if state.mergeability is Mergeability.CONFLICT else PullMerge.NOT_READY


def _message(state: PullState, message: str) -> str:
    """The provider's words, which say nothing of a merge that was made before."""
    return "" if state.status is PullStatus.MERGED else message
