"""The provider in memory keeps the contract of its port, as far as it acts by itself.

What it says of a pull request, its feedback and its refusals are given by each test word by word; there is no
behaviour in them to check. It opens, makes branches and merges on its own account.
"""

from collections.abc import Mapping

import pytest

from gastown.domain.pull import (
    HttpError,
    Mergeability,
    Provider,
    PullOrder,
    PullRef,
    PullStatus,
    Repository,
)
from gastown.ports.git_host import Access
from tests.support.contracts.git_host import (
    TITLE,
    MergeContract,
    Method,
    OpeningContract,
    RememberedAnswers,
)
from tests.support.fakes.git_host import FakeGitHost

HUNG_UP = HttpError(provider=Provider.GITHUB, status=0, text="no whole answer", transient=True)


class FakeHand:
    """Steers the fake as the contract's forge; files are kept here, for the fake knows only heads."""

    def __init__(self, host: FakeGitHost) -> None:
        """Begin with `main`."""
        self.host, self.token = host, "token"
        self.repository = Repository(provider=Provider.GITHUB, host="github.com", owner="acme", name="widgets.js")
        self.pushes = 0
        self.files: dict[str, dict[str, str]] = {"main": {"README.md": "Widgets.\n"}}

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """Move a branch; a file that both sides hold differently is a conflict."""
        self.files.setdefault(branch, {}).update(files)
        self.pushes += 1
        sha = f"sha-{self.pushes}"
        self.host.push(branch, sha)
        for number, pull in self.host.pulls.items():
            head, base = self.files[pull.order.head], self.files[pull.order.base]
            if any(base.get(name, text) != text for name, text in head.items()):
                self.host.change(number, mergeability=Mergeability.CONFLICT, merge_state="dirty")
        return sha

    def head(self, branch: str) -> str | None:
        """Where a branch stands."""
        return self.host.branches.get(branch)

    def message(self, sha: str) -> str:
        """A commit's message."""
        return self.host.messages[sha]

    def file(self, branch: str, name: str) -> str | None:
        """What a file holds, on the branch or on what was merged into it."""
        merged = [pull.order.head for pull in self.host.pulls.values() if pull.state.status is PullStatus.MERGED]
        return next((self.files[one][name] for one in (branch, *merged) if name in self.files[one]), None)

    def open_pull(self, head: str, *, title: str = TITLE, draft: bool = False) -> PullRef:
        """A person opens one."""
        order = PullOrder(head=head, base="main", title=title, body="")
        ref = self.host.open_pull(self.repository, order, Access(token=self.token, memory=RememberedAnswers()))
        assert isinstance(ref, PullRef)
        self.host.change(ref.number, is_draft=draft)
        return ref

    def labels(self, pull: PullRef) -> set[str]:
        """The labels it was opened with."""
        return set(self.host.pulls[pull.number].order.labels)

    def close(self, pull: PullRef) -> None:
        """A person closes it."""
        self.host.change(pull.number, status=PullStatus.CLOSED)

    def require_approval(self) -> None:
        """Every open pull request is blocked."""
        for number in self.host.pulls:
            self.host.change(number, mergeability=Mergeability.BLOCKED, merge_state="blocked")

    def allow_only(self, method: Method) -> None:
        """The fake knows one way to merge."""

    def lose_answer_of_merge(self) -> None:
        """Merge, and hang up."""
        self.host.lost.append(HUNG_UP)


class TestFakeGitHost(MergeContract, OpeningContract):
    """The contract, on the fake."""

    @pytest.fixture
    def host(self) -> FakeGitHost:
        """A fresh fake."""
        return FakeGitHost()

    @pytest.fixture
    def forge(self, host: FakeGitHost) -> FakeHand:
        """The hand on it."""
        return FakeHand(host)
