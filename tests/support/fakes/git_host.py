"""A provider of pull requests in memory: steered by the test, with refusals on demand."""

from dataclasses import dataclass, field, replace
from itertools import count

from gastown.domain.pull import (
    Feedback,
    HttpError,
    Mergeability,
    PullMerge,
    PullMerged,
    PullOrder,
    PullRef,
    PullState,
    PullStatus,
    Refusal,
    Repository,
)
from gastown.ports.git_host import Access


@dataclass(kw_only=True)
class FakePull:
    """One pull request and what reviewers and checks say of it."""

    ref: PullRef
    order: PullOrder
    state: PullState
    feedback: Feedback


@dataclass
class FakeGitHost:
    """Branches and pull requests of any repository; `refusals` are given out first, one a call.

    `lost` are given out instead of the answer to a merge that was performed.
    """

    branches: dict[str, str] = field(default_factory=lambda: {"main": "sha-main"})
    pulls: dict[int, FakePull] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    lost: list[Refusal] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def change(self, number: int = 1, *, feedback: Feedback | None = None, **state: object) -> None:
        """Set what the provider says of a request."""
        pull = self.pulls[number]
        pull.state = replace(pull.state, **state)  # type: ignore[arg-type]
        pull.feedback = feedback or replace(pull.feedback, head_sha=pull.state.head_sha or "")

    def push(self, branch: str, sha: str) -> None:
        """Move a branch, and the open requests of it."""
        self.branches[branch] = sha
        for number, pull in self.pulls.items():
            if pull.order.head == branch and pull.state.status is PullStatus.OPEN:
                self.change(number, head_sha=sha)

    def _called(self, what: str, access: Access) -> Refusal | None:
        self.calls.append(what)
        self.tokens.add(access.token)
        return self.refusals.pop(0) if self.refusals else None

    def pull_state(self, pull: PullRef, access: Access) -> PullState | Refusal:
        """The state that the test set."""
        return self._called("pull_state", access) or self.pulls[pull.number].state

    def feedback(self, pull: PullRef, head_sha: str, access: Access) -> Feedback | Refusal:
        """The feedback that the test set, of this head."""
        refusal = self._called("feedback", access)
        return refusal or replace(self.pulls[pull.number].feedback, head_sha=head_sha)

    def merge(self, pull: PullRef, sha: str, title: str, access: Access) -> PullMerged | Refusal:
        """Merge if the head is this sha and nothing forbids it."""
        if (refusal := self._called(f"merge {sha}", access)) is not None:
            return refusal
        state = self.pulls[pull.number].state
        if state.status is PullStatus.MERGED:
            commit, head = state.merge_commit_sha, state.head_sha
            return PullMerged(how=PullMerge.ALREADY_MERGED, commit_sha=commit, head_sha=head)
        if state.head_sha != sha:
            return PullMerged(how=PullMerge.MOVED, head_sha=state.head_sha)
        if state.mergeability is Mergeability.CONFLICT:
            return PullMerged(how=PullMerge.CONFLICT, message="it conflicts")
        if state.mergeability is not Mergeability.CLEAN or state.is_draft or state.status is PullStatus.CLOSED:
            return PullMerged(how=PullMerge.NOT_READY, message="not allowed now")
        commit = f"merge-{sha}"
        self.branches[self.pulls[pull.number].order.base] = commit
        self.messages[commit] = title
        self.change(pull.number, status=PullStatus.MERGED, merge_commit_sha=commit)
        return self.lost.pop(0) if self.lost else PullMerged(how=PullMerge.MERGED, commit_sha=commit, head_sha=sha)

    def open_pull(self, repository: Repository, order: PullOrder, access: Access) -> PullRef | Refusal:
        """The open request of these branches, or a new one."""
        if (refusal := self._called(f"open {order.head}", access)) is not None:
            return refusal
        for pull in self.pulls.values():
            ours = (pull.order.head, pull.order.base) == (order.head, order.base)
            if ours and pull.state.status is PullStatus.OPEN:
                return pull.ref
        if order.head not in self.branches:
            return _unprocessable(repository, f"Validation Failed: no branch {order.head}")
        number = next(self.numbers)
        ref = PullRef(
            repository=repository,
            number=number,
            url=f"https://{repository.host}/{repository.path}/pull/{number}",
        )
        head = self.branches[order.head]
        state = PullState(
            status=PullStatus.OPEN, head_sha=head, head_branch=order.head, base_branch=order.base, title=order.title,
            mergeability=Mergeability.CLEAN, merge_state="clean",
        )  # fmt: skip
        self.pulls[number] = FakePull(ref=ref, order=order, state=state, feedback=Feedback(head_sha=head))
        return ref

    def make_branch(self, repository: Repository, branch: str, start: str, access: Access) -> Refusal | None:
        """Make a branch where another is; one that is there stays."""
        if (refusal := self._called(f"branch {branch} of {repository.path}", access)) is not None:
            return refusal
        if start not in self.branches:
            return _unprocessable(repository, f"no branch {start}")
        self.branches.setdefault(branch, self.branches[start])
        return None


def _unprocessable(repository: Repository, text: str) -> HttpError:
    return HttpError(provider=repository.provider, status=422, text=text, transient=False)
