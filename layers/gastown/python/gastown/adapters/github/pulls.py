"""The state of a pull request."""

from typing import Final

from gastown.adapters.github.session import Session
from gastown.adapters.http.shapes import Shape
from gastown.domain.pull import HttpError, InvalidResponse, Mergeability, PullState, PullStatus

MERGEABILITY: Final = {
    "clean": Mergeability.CLEAN,
    "has_hooks": Mergeability.CLEAN,
    "dirty": Mergeability.CONFLICT,
    "blocked": Mergeability.BLOCKED,
    "unknown": Mergeability.COMPUTING,
}
"""The rest is `other`: `unstable` (a check is not green), `behind` (the rules want an update), `draft`, new words."""


class Home(Shape):
    """The repository of one side; none when it was deleted."""

    full_name: str


class Side(Shape):
    """The head or the base of a pull request."""

    ref: str
    sha: str
    repo: Home | None = None


class Pull(Shape):
    """What is read of a pull request."""

    state: str
    merged: bool
    title: str
    head: Side
    base: Side
    draft: bool | None = None
    mergeable_state: str | None = None
    merge_commit_sha: str | None = None


def read_pull(session: Session, number: int) -> PullState | HttpError | InvalidResponse:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}, on the condition that it changed.

    https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request: before a merge `merge_commit_sha` is a trial's
    commit, after it the commit on the base. `mergeable_state` is worded as GraphQL's MergeStateStatus, see
    https://docs.github.com/en/graphql/reference/enums#mergestatestatus
    """
    pull = session.look_up(Pull, f"pulls/{number}")
    return as_state(pull) if isinstance(pull, Pull) else pull


def as_state(pull: Pull) -> PullState:
    """A pull request in the house's words; merged wins over closed."""
    closed = PullStatus.CLOSED if pull.state == "closed" else PullStatus.OPEN
    word = pull.mergeable_state or "unknown"
    return PullState(
        status=PullStatus.MERGED if pull.merged else closed,
        head_sha=pull.head.sha,
        head_branch=pull.head.ref,
        base_branch=pull.base.ref,
        title=pull.title,
        merge_commit_sha=pull.merge_commit_sha if pull.merged else None,
        mergeability=MERGEABILITY.get(word.lower(), Mergeability.OTHER),
        merge_state=word,
        is_draft=bool(pull.draft),
        is_fork=pull.head.repo is None
        or pull.base.repo is None
        or pull.head.repo.full_name != pull.base.repo.full_name,
    )
