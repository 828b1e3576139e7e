"""A provider of pull requests: GitHub or GitLab.

Each method answers with a value or with one of the five refusals; nothing is raised for what a provider does.
An adapter sends the token to the repository's own host only, follows no redirect to another host, and bounds what it
reads: pages, bytes and seconds.
"""

from dataclasses import dataclass, field
from typing import Protocol

from gastown.domain.pull import Feedback, PullMerged, PullOrder, PullRef, PullState, Refusal, Repository


class ResponseMemory(Protocol):
    """What was answered before, by address, so that an unchanged thing costs no quota (ETag)."""

    def recall(self, address: str) -> tuple[str, dict[str, object]] | None:
        """The last answer's tag and what was kept of it."""
        ...

    def remember(self, address: str, tag: str, kept: dict[str, object]) -> None:
        """Keep an answer's tag and the few fields that are read of it, at most 32 KB; forgotten after a day."""
        ...


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a call is made with: a token, never shown, and the answers of earlier calls."""

    token: str = field(repr=False)
    memory: ResponseMemory


class GitHost(Protocol):
    """Pull requests and branches of one provider."""

    def pull_state(self, pull: PullRef, access: Access) -> PullState | Refusal:
        """The pull request as it is."""
        ...

    def feedback(self, pull: PullRef, head_sha: str, access: Access) -> Feedback | Refusal:
        """Threads, reviews and checks of this head. A part that cannot be read is named in `missing`."""
        ...

    def merge(self, pull: PullRef, sha: str, title: str, access: Access) -> PullMerged | Refusal:
        """Merge exactly this sha, by the first method that the repository allows; twice is `already_merged`."""
        ...

    def open_pull(self, repository: Repository, order: PullOrder, access: Access) -> PullRef | Refusal:
        """Open a pull request, or find the open one of the same branches; labels are a best effort."""
        ...

    def make_branch(self, repository: Repository, branch: str, start: str, access: Access) -> Refusal | None:
        """Make a branch at the head of another one; one that is there already is fine."""
        ...
