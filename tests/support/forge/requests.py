"""What both providers know of a project: requests, reviews, threads, checks, pipelines, rules.

One state, two dialects.
"""

import hashlib
import itertools
from dataclasses import dataclass, field

from tests.support.forge.repository import MergeConflict, Method, Moved, Repository

PASSING = {"success", "skipped", "neutral"}
FAILED_STATES = {"failure", "error"}
_numbers = itertools.count(1001)


def fresh_number() -> int:
    """A number that no other thing of this forge has."""
    return next(_numbers)


class CannotMerge(Exception):
    """Git cannot merge the request now; `why` is `conflict` or `base_moved`."""

    def __init__(self, why: str, detail: str = "") -> None:
        """Say why."""
        super().__init__(why)
        self.why, self.detail = why, detail


@dataclass(kw_only=True)
class Comment:
    """One comment, in a thread or on the request itself."""

    author: str
    body: str
    at: str
    number: int = field(default_factory=fresh_number)


@dataclass(kw_only=True)
class Thread:
    """A review thread (GitHub) or a resolvable discussion (GitLab)."""

    comments: list[Comment]
    path: str | None = None
    line: int | None = None
    resolved_by: str | None = None
    outdated: bool = False
    key: str = field(default_factory=lambda: hashlib.sha1(str(fresh_number()).encode()).hexdigest())  # noqa: S324 a name

    @property
    def resolved(self) -> bool:
        """Whether somebody resolved it."""
        return self.resolved_by is not None


@dataclass(kw_only=True)
class Review:
    """A review: state is APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED. `writer`: its author may push."""

    author: str
    state: str
    body: str
    sha: str
    at: str
    writer: bool = True
    number: int = field(default_factory=fresh_number)


@dataclass(kw_only=True)
class CheckRun:
    """A check run of one commit."""

    name: str
    sha: str
    status: str = "completed"
    conclusion: str | None = "success"
    number: int = field(default_factory=fresh_number)


@dataclass(kw_only=True)
class CommitStatus:
    """A status of one commit by context; the latest of a context counts."""

    context: str
    sha: str
    state: str
    description: str = ""
    at: str = ""
    number: int = field(default_factory=fresh_number)


@dataclass(kw_only=True)
class Pipeline:
    """A GitLab pipeline of one commit."""

    sha: str
    ref: str
    status: str
    at: str
    number: int = field(default_factory=fresh_number)


@dataclass(kw_only=True)
class Rules:
    """What a project asks of a merge. `push_dismisses`: a push to the head takes approvals back."""

    required_approvals: int = 0
    required_checks: list[str] = field(default_factory=list)
    up_to_date: bool = False
    resolved_threads: bool = False
    pipeline_must_succeed: bool = False
    methods: list[str] = field(default_factory=lambda: ["merge", "squash", "rebase"])
    deletes_branch: bool = False
    push_dismisses: bool = False


@dataclass(kw_only=True)
class ChangeRequest:
    """A pull request, or a merge request. `reads_unknown`: so many reads are still told that git is computing.

    `fork` is the path of the project that the head is said to come from, when it is another one.
    """

    number: int
    title: str
    body: str
    author: str
    head: str
    base: str
    created_at: str
    state: str = "open"
    draft: bool = False
    last_sha: str = ""
    updated_at: str = ""
    closed_at: str | None = None
    merged_at: str | None = None
    merged_by: str | None = None
    merge_sha: str | None = None
    squashed: bool = False
    fork: str = ""
    labels: list[str] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    forced_state: str | None = None
    reads_unknown: int = 0
    identity: int = field(default_factory=fresh_number)

    def opinions(self) -> dict[str, str]:
        """What counts: the latest judgement of each reviewer who may push."""
        judged = [review for review in self.reviews if review.state != "COMMENTED" and review.writer]
        return {review.author: review.state for review in judged}

    def approvals(self) -> list[str]:
        """Who approves now."""
        return [author for author, state in self.opinions().items() if state == "APPROVED"]

    def objections(self) -> list[str]:
        """Who asks for changes now."""
        return [author for author, state in self.opinions().items() if state == "CHANGES_REQUESTED"]

    def unresolved(self) -> list[Thread]:
        """The threads that nobody resolved."""
        return [thread for thread in self.threads if not thread.resolved]


@dataclass(kw_only=True)
class Project:
    """A repository with all that hangs on it. `lag`: reads that say *unknown* after each change of a head or base."""

    path: str
    repository: Repository
    number: int = field(default_factory=fresh_number)
    rules: Rules = field(default_factory=Rules)
    requests: dict[int, ChangeRequest] = field(default_factory=dict)
    checks: list[CheckRun] = field(default_factory=list)
    statuses: list[CommitStatus] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    lag: int = 0

    @property
    def owner(self) -> str:
        """All before the last part of the path."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def head_sha(self, request: ChangeRequest) -> str:
        """Where the head stands: live while it is open, else the last that was known."""
        if request.state == "open":
            request.last_sha = self.repository.head(request.head) or request.last_sha
        return request.last_sha

    def base_sha(self, request: ChangeRequest) -> str:
        """Where the base branch stands now, empty when it is gone."""
        return self.repository.head(request.base) or ""

    def conflicted(self, request: ChangeRequest) -> bool:
        """Whether git cannot merge the two."""
        return self.repository.conflicts(self.base_sha(request), self.head_sha(request))

    def behind(self, request: ChangeRequest) -> bool:
        """Whether the base has commits that the head has not."""
        return not self.repository.contains(self.base_sha(request), self.head_sha(request))

    def latest_statuses(self, sha: str) -> list[CommitStatus]:
        """The latest status of each context of a commit."""
        return list({status.context: status for status in self.statuses if status.sha == sha}.values())

    def check_words(self, sha: str) -> dict[str, str]:
        """`passing`, `pending` or `failing` by the name of each check run and status of a commit."""
        words = {status.context: _status_word(status.state) for status in self.latest_statuses(sha)}
        return words | {run.name: _run_word(run) for run in self.checks if run.sha == sha}

    def pipeline(self, sha: str) -> Pipeline | None:
        """The latest pipeline of a commit."""
        return next((pipeline for pipeline in reversed(self.pipelines) if pipeline.sha == sha), None)

    def missing_checks(self, sha: str) -> list[str]:
        """The required checks of a commit that have not passed."""
        words = self.check_words(sha)
        return [name for name in self.rules.required_checks if words.get(name) != "passing"]

    def obstacle(self, request: ChangeRequest) -> str | None:
        """The first thing that stands against a merge under the rules, None when nothing does."""
        rules, sha = self.rules, self.head_sha(request)
        pipeline = self.pipeline(sha)
        obstacles = {
            "not_open": request.state != "open",
            "draft": request.draft,
            "conflict": request.state == "open" and self.conflicted(request),
            "threads": rules.resolved_threads and bool(request.unresolved()),
            "changes_requested": bool(request.objections()) and rules.required_approvals > 0,
            "approvals": len(request.approvals()) < rules.required_approvals,
            "checks": bool(self.missing_checks(sha)),
            "pipeline": rules.pipeline_must_succeed and (pipeline is None or pipeline.status != "success"),
            "behind": rules.up_to_date and request.state == "open" and self.behind(request),
        }
        return next((word for word, stands in obstacles.items() if stands), None)

    def merge(self, request: ChangeRequest, method: Method, message: str) -> str:
        """Merge the request's head into its base; the new sha of the base. Raises `CannotMerge`."""
        try:
            return self.repository.merge(request.base, self.head_sha(request), method, message)
        except MergeConflict as error:
            raise CannotMerge("conflict", str(error)) from error
        except Moved as error:
            raise CannotMerge("base_moved", str(error)) from error


def _status_word(state: str) -> str:
    return "failing" if state in FAILED_STATES else "passing" if state == "success" else "pending"


def _run_word(run: CheckRun) -> str:
    if run.status != "completed":
        return "pending"
    return "passing" if run.conclusion in PASSING else "failing"
