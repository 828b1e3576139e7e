"""All that a forge knows, and the few moves that both dialects, git and people share."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.forge.exchange import Request
from tests.support.forge.faults import Faults
from tests.support.forge.journal import Journal
from tests.support.forge.repository import Method, create_repository
from tests.support.forge.requests import ChangeRequest, Project, Review
from tests.support.forge.tokens import Credentials

HOUR = 3600


@dataclass(kw_only=True)
class Happening:
    """What a webhook tells of; `topic`: request, review, thread, comment, check, status, pipeline or push."""

    topic: str
    action: str
    project: Project
    login: str
    request: ChangeRequest | None = None
    subject: Any = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Quota:
    """What one credential has used of its hour."""

    used: int = 0
    resets_at: float = 0


@dataclass(kw_only=True)
class World:
    """The state of one forge. `ahead`: seconds that its clock is ahead of the real one. Guarded by `lock`."""

    place: Path
    url: str = ""
    github_web: str = ""
    gitlab_web: str = ""
    projects: dict[str, Project] = field(default_factory=dict)
    credentials: Credentials = field(default_factory=Credentials)
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    listeners: list[Callable[["Happening"], None]] = field(default_factory=list)
    quotas: dict[str, Quota] = field(default_factory=dict)
    quota_limit: int = 5000
    ahead: float = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> float:
        """The time, in epoch seconds."""
        return datetime.now(UTC).timestamp() + self.ahead  # noqa: TID251 a provider lives in real time

    def stamp(self, seconds: float | None = None) -> str:
        """A moment (now, unless given) as both providers write it, to the second."""
        moment = datetime.fromtimestamp(self.now() if seconds is None else seconds, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def add_project(self, path: str, *, default_branch: str = "main", source: Path | None = None) -> Project:
        """Make a project at a path such as `acme/widgets` or `group/sub/project`."""
        repository = create_repository(self.place / f"{path}.git", default_branch, source)
        self.projects[path.lower()] = project = Project(path=path, repository=repository)
        return project

    def project(self, path: str) -> Project | None:
        """The project at a path, or of a number (as text); None when there is none."""
        if path.isdecimal():
            return next((project for project in self.projects.values() if project.number == int(path)), None)
        return self.projects.get(path.lower())

    def quota(self, key: str) -> Quota:
        """The running hour of a credential."""
        quota = self.quotas.setdefault(key, Quota())
        if quota.resets_at <= self.now():
            quota.used, quota.resets_at = 0, self.now() + HOUR
        return quota

    def open_request(self, project: Project, author: str, fields: dict[str, Any]) -> ChangeRequest:
        """Open a request of `title`, `body`, `head`, `base`, `draft`; the caller has checked them."""
        taken = max(project.requests, default=0)
        stamp = self.stamp()
        request = ChangeRequest(number=taken + 1, author=author, created_at=stamp, updated_at=stamp, **fields)
        request.reads_unknown = project.lag
        project.requests[request.number] = request
        project.head_sha(request)
        self.changed(project, request, "opened", author)
        return request

    def merge(self, project: Project, request: ChangeRequest, method: Method, message: str, login: str) -> str:
        """Merge for real, and mark the request; the merge's sha. Raises `CannotMerge`."""
        before = project.repository.branches()
        sha = project.merge(request, method, message)
        request.merge_sha, request.squashed = sha, method == "squash"
        self.mark_merged(project, request, login)
        if project.rules.deletes_branch and project.repository.head(request.head):
            project.repository.delete_branch(request.head)
        self.notice_pushes(project, before, login)
        return sha

    def mark_merged(self, project: Project, request: ChangeRequest, login: str) -> None:
        """Note that a request is merged now."""
        project.head_sha(request)
        request.state, request.merged_at, request.merged_by = "merged", self.stamp(), login
        request.closed_at = request.merged_at
        self.changed(project, request, "merged", login)

    def set_open(self, project: Project, request: ChangeRequest, login: str, *, opened: bool) -> None:
        """Close a request, or open it again."""
        project.head_sha(request)
        request.state = "open" if opened else "closed"
        request.closed_at = None if opened else self.stamp()
        self.changed(project, request, "reopened" if opened else "closed", login)

    def notice_pushes(self, project: Project, before: dict[str, str], login: str) -> None:
        """Draw the conclusions from branches that moved: new heads, requests merged by a push, heads that are gone."""
        after = project.repository.branches()
        moved = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        for name in sorted(moved):
            details = {"ref": f"refs/heads/{name}", "before": before.get(name), "after": after.get(name)}
            self.tell(Happening(topic="push", action="push", project=project, login=login, details=details))
        for request in [request for request in project.requests.values() if request.state == "open"]:
            self._notice_push(project, request, moved, after, login)

    def _notice_push(
        self, project: Project, request: ChangeRequest, moved: set[str], after: dict[str, str], login: str
    ) -> None:
        if not moved & {request.head, request.base}:
            return
        request.reads_unknown = project.lag
        if request.head not in after or request.base not in after:
            self.set_open(project, request, login, opened=False)
            return
        sha, base = project.head_sha(request), project.base_sha(request)
        if request.base in moved and base and project.repository.contains(sha, base):
            request.merge_sha = base
            self.mark_merged(project, request, login)
        elif request.head in moved:
            self._dismiss(project, request, sha)
            self.changed(project, request, "synchronize", login)

    def _dismiss(self, project: Project, request: ChangeRequest, sha: str) -> None:
        if project.rules.push_dismisses:
            for login in request.approvals():
                request.reviews.append(Review(author=login, state="DISMISSED", body="", sha=sha, at=self.stamp()))

    def tell(self, happening: Happening) -> None:
        """Tell everybody who listens."""
        for listener in self.listeners:
            listener(happening)

    def changed(self, project: Project, request: ChangeRequest, action: str, login: str) -> None:
        """Note that a request changed now, and tell."""
        request.updated_at = self.stamp()
        self.tell(Happening(topic="request", action=action, project=project, login=login, request=request))

    def address(self, request: Request) -> str:
        """The address of a request as its client wrote it, without the query."""
        return f"http://{request.host}{request.path}"
