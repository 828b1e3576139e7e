"""Pull and merge requests: what a provider says of one, and every way in which it can refuse to say.

Both providers are read into the same words. An answer is a value; a refusal is one of five values, never a bare none
(REQ-5.1), so that each cause can be counted, shown and acted on for itself.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Provider(StrEnum):
    """Who hosts a repository."""

    GITHUB = "github"
    GITLAB = "gitlab"


class MergeStrategy(StrEnum):
    """Whether the container merges a review in git, or the provider merges its pull request."""

    DIRECT = "direct"
    PR = "pr"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository at a provider; `owner` holds a GitLab project's whole group path."""

    provider: Provider
    host: str
    owner: str
    name: str

    @property
    def path(self) -> str:
        """Owner and name, as the provider writes them."""
        return f"{self.owner}/{self.name}"

    def is_same(self, other: "Repository") -> bool:
        """Whether both mean one repository; providers do not tell names apart by their case."""
        return (self.provider, self.host, self.path.lower()) == (other.provider, other.host, other.path.lower())


@dataclass(frozen=True, kw_only=True)
class PullRef:
    """One pull request, or merge request, by its number in its repository."""

    repository: Repository
    number: int
    url: str


class PullStatus(StrEnum):
    """Whether a pull request is still open; merged wins over closed (source-control facts, 2.5)."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class Mergeability(StrEnum):
    """What the provider says of merging it now; what it says in words we do not know is `other`, and blocks."""

    CLEAN = "clean"
    CONFLICT = "conflict"
    BLOCKED = "blocked"
    COMPUTING = "computing"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class PullState:
    """A pull request as it is; `merge_state` is the provider's own word for `mergeability`."""

    status: PullStatus
    head_sha: str | None = None
    head_branch: str | None = None
    base_branch: str | None = None
    title: str | None = None
    merge_commit_sha: str | None = None
    mergeability: Mergeability = Mergeability.OTHER
    merge_state: str = ""
    is_draft: bool = False
    is_fork: bool = False
    """Whether its head lies in another repository."""


@dataclass(frozen=True, kw_only=True)
class Thread:
    """An unresolved discussion: who began it, where, and what was said, cut to what a model may read."""

    author: str
    body: str
    place: str | None = None


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """What stands between an open pull request and its merge, of one head.

    `is_whole` is false when a part could not be read or there was more than is read: then it is never green.
    """

    head_sha: str
    threads: tuple[Thread, ...] = ()
    more_threads: bool = False
    failing: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    unchecked: bool = False
    """Whether there are more checks than are read."""
    awaiting_approval: bool = False
    changes_requested: bool = False
    demands: tuple[Thread, ...] = ()
    """What reviewers wrote who ask for changes of this very head; of an older one nobody knows whether it is met."""
    decision: str | None = None
    missing: tuple[str, ...] = ()
    """The parts that could not be read, each with why."""

    @property
    def is_whole(self) -> bool:
        """Whether everything was read."""
        return not (self.missing or self.unchecked or self.more_threads)

    @property
    def asks_for_work(self) -> bool:
        """Whether there is something for an agent to do: threads, red checks, checks nobody looked at."""
        return bool(self.threads or self.more_threads or self.failing or self.unchecked)

    @property
    def is_green(self) -> bool:
        """Whether nothing stands in the way of a merge; what is not known stands in the way."""
        held = self.threads or self.failing or self.pending or self.awaiting_approval or self.changes_requested
        return self.is_whole and not held


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at a request: how it stands, its feedback if it was asked for, and whose credential was used."""

    state: PullState
    feedback: Feedback | None = None
    credential: str = ""


@dataclass(frozen=True, kw_only=True)
class NoToken:
    """There is no credential for the provider; `tried` lists the sources in order (REQ-4.5)."""

    provider: Provider
    tried: tuple[str, ...]
    kind: str = "no_token"


@dataclass(frozen=True, kw_only=True)
class UnrecognizedUrl:
    """A URL that is neither a pull request of GitHub nor a merge request of GitLab."""

    url: str
    kind: str = "unrecognized_url"


@dataclass(frozen=True, kw_only=True)
class HostMismatch:
    """A URL whose host is not the configured one: nothing was sent there."""

    provider: Provider
    expected: str
    got: str
    kind: str = "host_mismatch"


@dataclass(frozen=True, kw_only=True)
class HttpError:
    """An answer that is no success, or none at all (`status` 0).

    `transient` says whether asking again can help; `retry_at` is what the provider asked to wait for.
    """

    provider: Provider
    status: int
    text: str
    transient: bool
    retry_at: datetime | None = None
    kind: str = "http_error"


@dataclass(frozen=True, kw_only=True)
class InvalidResponse:
    """A success whose body is not what the provider documents; `keys` are up to 8 of its top-level names."""

    provider: Provider
    reason: str
    """`json_parse` or `schema_mismatch`."""
    keys: tuple[str, ...] = ()
    kind: str = "invalid_response"


Refusal = NoToken | UnrecognizedUrl | HostMismatch | HttpError | InvalidResponse
"""Every way in which a provider's answer is no answer (REQ-5.1)."""


class PullMerge(StrEnum):
    """How the provider answered a merge of one named sha."""

    MERGED = "merged"
    ALREADY_MERGED = "already_merged"
    MOVED = "moved"
    """The head is not the approved sha any more."""
    CONFLICT = "conflict"
    NOT_READY = "not_ready"
    """The provider does not allow it now: checks, approvals, rules, a draft."""


@dataclass(frozen=True, kw_only=True)
class PullMerged:
    """A provider's answer to a merge; `commit_sha` is the commit on the target branch."""

    how: PullMerge
    commit_sha: str | None = None
    head_sha: str | None = None
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class PullOrder:
    """A pull request that the platform opens."""

    head: str
    base: str
    title: str
    body: str
    labels: tuple[str, ...] = field(default=())
