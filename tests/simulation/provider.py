"""A provider of pull requests: it opens, judges and merges them, badly at times, and people do things to them there."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from gastown.domain.errors import GastownError
from gastown.domain.pull import (
    Feedback,
    HttpError,
    InvalidResponse,
    Mergeability,
    Provider,
    PullMerge,
    PullMerged,
    PullOrder,
    PullRef,
    PullState,
    PullStatus,
    Refusal,
    Repository,
    Thread,
)
from gastown.ports.git_host import Access
from gastown.usecases.webhooks import Hint, take_webhook
from tests.simulation.git_host import Merged
from tests.simulation.outside import Crash

if TYPE_CHECKING:
    from tests.simulation.world import World

LASTING = {"request conflicts": 3600.0, "checks fail": 3600.0, "reviewers ask": 3600.0, "changes are asked for": 3600.0}
"""What a head has against it until another head comes, or until people have dealt with it, so many seconds later."""

PASSING = {"checks are slow": 900.0, "approval is awaited": 2400.0, "request is a draft": 1200.0, "computing": 180.0}
"""What passes by itself within so many seconds."""


TRIES = 8
"""Merges of one approval that the town asks for before it leaves them to people."""


@dataclass(kw_only=True)
class Request:
    """One pull request; `against` says for each head until when what stands against it."""

    ref: PullRef
    head: str
    base: str
    status: PullStatus = PullStatus.OPEN
    commit: str | None = None
    against: dict[str, dict[str, datetime]] = field(default_factory=dict)
    is_visited: bool = False
    """Whether a person is about to merge it by hand."""


class SimProvider:
    """GitHub or GitLab for every rig that is there; branches are shared with the Git host."""

    def __init__(self, world: "World", provider: Provider) -> None:
        """Begin with nothing but a default branch."""
        self.world, self.provider = world, provider
        self.requests: dict[int, Request] = {}
        self.heads = world.git.heads
        self.has_webhooks = world.luck.stream("forge").random() < 0.5
        self._down_until = self._limited_until = world.time

    @property
    def git_url(self) -> str:
        """The repository's address."""
        host = "github.com" if self.provider is Provider.GITHUB else "gitlab.com"
        return f"https://{host}/acme/sim.git"

    # trouble
    def _refused(self) -> Refusal | None:
        """What the provider says instead of an answer, if it says anything."""
        luck, now = self.world.luck, self.world.time
        if luck.strikes("provider down"):
            self._down_until = now + timedelta(seconds=luck.between("down", 30, 900))
        if luck.strikes("provider limits"):
            self._limited_until = now + timedelta(seconds=luck.between("limited", 30, 1200))
        if now < self._down_until:
            return self._error(503, "down", transient=True)
        if now < self._limited_until:
            return self._error(429, "too many requests", transient=True, retry_at=self._limited_until)
        if luck.strikes("provider answers nonsense"):
            return InvalidResponse(provider=self.provider, reason="schema_mismatch", keys=("odd",))
        if luck.strikes("provider refuses"):
            return self._error(403, "forbidden", transient=False)
        return None

    def _error(self, status: int, text: str, *, transient: bool, retry_at: datetime | None = None) -> HttpError:
        return HttpError(provider=self.provider, status=status, text=text, transient=transient, retry_at=retry_at)

    def _lost(self) -> Refusal | None:
        """What becomes of an answer to something that was done."""
        if self.world.luck.strikes("provider is too slow"):
            raise Crash
        if self.world.luck.strikes("provider's answer lost"):
            return self._error(0, "connection reset", transient=True)
        return None

    # the port
    def open_pull(self, repository: Repository, order: PullOrder, access: Access) -> PullRef | Refusal:
        """The open request of these branches, or a new one."""
        if (refusal := self._refused()) is not None:
            return refusal
        for request in self.requests.values():
            if (request.head, request.base) == (order.head, order.base) and request.status is PullStatus.OPEN:
                return request.ref
        if order.head not in self.heads:
            return self._error(422, f"there is no branch {order.head}", transient=False)
        made = self.make_request(repository, order.head, order.base)
        return self._lost() or made.ref

    def make_request(self, repository: Repository, head: str, base: str) -> Request:
        """A new request, by whoever asks for one."""
        number, middle = len(self.requests) + 1, "pull" if self.provider is Provider.GITHUB else "-/merge_requests"
        url = f"https://{repository.host}/{repository.path}/{middle}/{number}"
        request = Request(ref=PullRef(repository=repository, number=number, url=url), head=head, base=base)
        self.requests[number] = request
        return request

    def make_branch(self, repository: Repository, branch: str, start: str, access: Access) -> Refusal | None:
        """Make a branch where another is; one that is there stays."""
        refusal = self._refused()
        if refusal is None:
            self.heads.setdefault(branch, self.heads[start])
        return refusal

    def pull_state(self, pull: PullRef, access: Access) -> PullState | Refusal:
        """A request as it is."""
        if (refusal := self._refused()) is not None:
            return refusal
        request = self.requests[pull.number]
        self._meddle(request)
        against = self._against(request)
        if "request conflicts" in against:
            merges = Mergeability.CONFLICT
        elif "computing" in against:
            merges = Mergeability.COMPUTING
        else:
            merges = Mergeability.BLOCKED if "approval is awaited" in against else Mergeability.CLEAN
        return PullState(
            status=request.status, head_sha=self.heads[request.head], head_branch=request.head,
            base_branch=request.base, merge_commit_sha=request.commit, mergeability=merges, merge_state=str(merges),
            is_draft="request is a draft" in against,
        )  # fmt: skip

    def feedback(self, pull: PullRef, head_sha: str, access: Access) -> Feedback | Refusal:
        """What reviewers and checks say of its head."""
        if (refusal := self._refused()) is not None:
            return refusal
        against = self._against(self.requests[pull.number])
        asked = "changes are asked for" in against
        missing = ("threads: HTTP 502",) if self.world.luck.strikes("provider answers in part") else ()
        return Feedback(
            head_sha=head_sha,
            threads=(Thread(author="ann", body="Why?"),) if "reviewers ask" in against and not missing else (),
            failing=("lint",) if "checks fail" in against else (),
            pending=("build",) if "checks are slow" in against else (),
            awaiting_approval="approval is awaited" in against,
            changes_requested=asked,
            demands=(Thread(author="rita", body="Louder"),) if asked and self.provider is Provider.GITHUB else (),
            missing=missing,
        )

    def merge(self, pull: PullRef, sha: str, title: str, access: Access) -> PullMerged | Refusal:
        """Merge exactly this sha, if nothing is against it."""
        if (refusal := self._refused()) is not None:
            return refusal
        request = self.requests[pull.number]
        head = self.heads[request.head]
        if request.status is PullStatus.MERGED:
            return PullMerged(how=PullMerge.ALREADY_MERGED, commit_sha=request.commit, head_sha=head)
        if head != sha:
            return PullMerged(how=PullMerge.MOVED, head_sha=head)
        against = self._against(request)
        if "request conflicts" in against:
            return PullMerged(how=PullMerge.CONFLICT, message="it conflicts")
        if against or request.status is PullStatus.CLOSED or self.world.luck.strikes("provider will not merge"):
            return PullMerged(how=PullMerge.NOT_READY, message="a rule forbids it")
        self._merge(request, outside=False)
        return self._lost() or PullMerged(how=PullMerge.MERGED, commit_sha=request.commit, head_sha=sha)

    # what happens there
    def _against(self, request: Request) -> set[str]:
        """What stands against its head now; decided when the head is first looked at."""
        head, luck, now = self.heads[request.head], self.world.luck, self.world.time
        if head not in request.against:
            struck = {kind: LASTING[kind] for kind in LASTING if luck.strikes(kind)}
            struck |= {kind: luck.between(kind, 20, PASSING[kind]) for kind in PASSING if luck.strikes(kind)}
            request.against[head] = {kind: now + timedelta(seconds=seconds) for kind, seconds in struck.items()}
            for seconds in struck.values():
                self.world.after(seconds, f"request {request.ref.number} changes", partial(self._tell, request))
        return {kind for kind, until in request.against[head].items() if now < until}

    def _meddle(self, request: Request) -> None:
        """What people do to a request while nobody looks."""
        luck = self.world.luck
        if request.status is not PullStatus.OPEN:
            return
        if luck.strikes("somebody pushes"):
            self.world.git.push(request.head)
        elif luck.strikes("somebody merges"):
            self._merge(request, outside=True)
        elif luck.strikes("somebody closes"):
            request.status = PullStatus.CLOSED
        else:
            self._maybe_visit(request)

    def _maybe_visit(self, request: Request) -> None:
        """Where the town leaves the merge to people, one comes within the hour once nothing stands against it."""
        town = self.world.watch.stored()
        review = next((r for r in town.reviews.values() if r.watch.url == request.ref.url), None) if town else None
        if town is None or review is None or request.is_visited or self._against(request):
            return
        if town.rules_for(review.rig_id).merge_delay is None or review.merge_tries >= TRIES:
            request.is_visited = True
            late = self.world.luck.between("visit", 60, 3600)
            self.world.after(late, f"a person merges {request.ref.number}", partial(self._visit, request))

    def _visit(self, request: Request) -> None:
        request.is_visited = False
        if request.status is PullStatus.OPEN and not self._against(request):
            self._merge(request, outside=True)

    def _merge(self, request: Request, *, outside: bool) -> None:
        sha = self.heads[request.head]
        review_id = "" if outside else self._review_of(request)
        merged = Merged(review_id=review_id, sha=sha, target=request.base, commit=f"m-{sha}", outside=outside)
        self.world.git.keep(merged)
        request.status, request.commit = PullStatus.MERGED, merged.commit
        self.world.tell(f"provider: {'somebody merged' if outside else 'merged'} {sha} of {request.ref.number}")
        self._tell(request)

    def _review_of(self, request: Request) -> str:
        town = self.world.watch.stored()
        known = town.reviews.values() if town else []
        return next((r.id for r in known if r.watch.url == request.ref.url and r.watch.is_merging), "unknown")

    def _tell(self, request: Request) -> None:
        """A webhook, where they are set up; some never come."""
        if not self.has_webhooks or self.world.luck.strikes("webhook lost"):
            return
        path = f"{request.ref.repository.host}/{request.ref.repository.path}".lower()
        hint = Hint(repository=path, numbers=frozenset({request.ref.number}))
        body = self.world.new().encode()
        self.world.after(self.world.luck.between("webhook", 0.1, 5), "webhook", partial(self._hook, hint, body))

    def _hook(self, hint: Hint, body: bytes) -> None:
        try:
            take_webhook(self.world.uow, hint, body, self.world.uow.now())
        except GastownError as refusal:
            self.world.tell(f"webhook: refused: {refusal}")
