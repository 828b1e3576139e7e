"""What people, CI and administrators do at a forge. Arguments and results are plain JSON values, so that the admin
door can offer each of these moves over HTTP. A project is named by its path, a request by its number."""

import functools
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from tests.support.forge.faults import Fault
from tests.support.forge.requests import (
    ChangeRequest,
    CheckRun,
    Comment,
    CommitStatus,
    Pipeline,
    Project,
    Review,
    Thread,
    fresh_number,
)
from tests.support.forge.tokens import App, Client, Installation, Token
from tests.support.forge.webhooks import Hook, Webhooks
from tests.support.forge.world import Happening, World

Facts = dict[str, Any]
P = ParamSpec("P")
R = TypeVar("R")
PERSON = "person"


def locked(move: Callable[Concatenate["Steering", P], R]) -> Callable[Concatenate["Steering", P], R]:
    """Make a move while nobody else changes the world."""

    @functools.wraps(move)
    def moved(self: "Steering", /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._world.lock:
            return move(self, *args, **kwargs)

    return moved


class Steering:
    """The moves."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        """Act on this world."""
        self._world, self._webhooks = world, webhooks

    def _project(self, path: str) -> Project:
        return self._world.projects[path.lower()]

    def _sha(self, project: Project, number: int | None, sha: str | None) -> str:
        return sha or project.head_sha(project.requests[int(number or 0)])

    def _tell(self, topic: str, action: str, project: Project, login: str, **more: Any) -> None:
        self._world.tell(Happening(topic=topic, action=action, project=project, login=login, **more))

    # -- projects, branches, requests

    @locked
    def add_project(self, path: str, default_branch: str = "main", source: str | None = None, **rules: Any) -> Facts:
        """Make a project, empty or a copy of a repository on disk; with the rules of `set_rules`."""
        project = self._world.add_project(path, default_branch=default_branch, source=Path(source) if source else None)
        self.set_rules(path, **rules)
        return {"path": path, "id": project.number, "head": project.repository.head(default_branch)}

    @locked
    def set_rules(self, project: str, **rules: Any) -> None:
        """Change what a merge needs, by the names of `requests.Rules`. Raises `ValueError` for others."""
        for name, value in rules.items():
            if not hasattr(self._project(project).rules, name):
                raise ValueError(f"no such rule: {name}")
            setattr(self._project(project).rules, name, value)

    @locked
    def set_lag(self, project: str, reads: int) -> None:
        """After each change of a head or base, so many reads say that mergeability is not known yet."""
        self._project(project).lag = reads

    @locked
    def push(
        self, project: str, branch: str, files: dict[str, str | None], message: str = "Change", login: str = PERSON
    ) -> Facts:
        """Commit files (null removes one) on a branch as a person does, and push it."""
        found = self._project(project)
        before = found.repository.branches()
        sha = found.repository.commit(branch, files, message, (login, f"{login}@example.com"))
        self._world.notice_pushes(found, before, login)
        return {"sha": sha}

    @locked
    def delete_branch(self, project: str, branch: str, login: str = PERSON) -> None:
        """Delete a branch."""
        found = self._project(project)
        before = found.repository.branches()
        found.repository.delete_branch(branch)
        self._world.notice_pushes(found, before, login)

    @locked
    def open_request(self, project: str, head: str, base: str = "", title: str = "", **more: Any) -> Facts:
        """Open a request; `more` may be body, draft, login."""
        found = self._project(project)
        login = more.pop("login", PERSON)
        sides = {"head": head, "base": base or found.repository.default_branch}
        fields = {"title": title or f"Merge {head}", "body": "", **more, **sides}
        return self._facts(found, self._world.open_request(found, login, fields))

    @locked
    def read_request(self, project: str, number: int) -> Facts:
        """What there is to know of a request."""
        found = self._project(project)
        return self._facts(found, found.requests[int(number)])

    def _facts(self, project: Project, request: ChangeRequest) -> Facts:
        plain = ("number", "state", "title", "body", "head", "base", "draft", "merge_sha", "merged_by", "labels")
        return {name: getattr(request, name) for name in plain} | {
            "sha": project.head_sha(request),
            "github_url": f"{self._world.github_web}/{project.path}/pull/{request.number}",
            "gitlab_url": f"{self._world.gitlab_web}/{project.path}/-/merge_requests/{request.number}",
            "threads": [
                {"key": thread.key, "resolved": thread.resolved, "comments": [one.body for one in thread.comments]}
                for thread in request.threads
            ],
        }

    @locked
    def set_request(self, project: str, number: int, login: str = PERSON, **changes: Any) -> Facts:
        """Change title, body, base, draft, labels; `state` open or closed; `forced_state` (null: as it is)."""
        found = self._project(project)
        request = found.requests[int(number)]
        state = changes.pop("state", None)
        for name, value in changes.items():
            if name not in {"title", "body", "base", "draft", "labels", "forced_state", "reads_unknown"}:
                raise ValueError(f"cannot change {name}")
            setattr(request, name, value)
        if state is not None:
            self._world.set_open(found, request, login, opened=state == "open")
        elif "draft" in changes:
            self._world.changed(found, request, "converted_to_draft" if request.draft else "ready_for_review", login)
        else:
            self._world.changed(found, request, "edited", login)
        return self._facts(found, request)

    @locked
    def merge(self, project: str, number: int, method: str = "merge", login: str = PERSON) -> Facts:
        """Merge as a person does, whatever the rules say; git's own objections hold. Raises `ValueError`."""
        found = self._project(project)
        request = found.requests[int(number)]
        if method not in {"merge", "squash", "rebase"}:
            raise ValueError(method)
        self._world.merge(found, request, method, f"{request.title} (#{number})", login)  # type: ignore[arg-type]
        return self._facts(found, request)

    # -- reviews, threads, comments

    @locked
    def add_thread(self, project: str, number: int, body: str = "Please change this", **more: Any) -> list[str]:
        """Begin a review thread, or `count` of them; `more` may be path, line, login, count. Their keys."""
        found = self._project(project)
        request = found.requests[int(number)]
        login = more.get("login", PERSON)
        keys = []
        for _ in range(int(more.get("count", 1))):
            comment = Comment(author=login, body=body, at=self._world.stamp())
            thread = Thread(comments=[comment], path=more.get("path", "README.md"), line=more.get("line", 1))
            request.threads.append(thread)
            keys.append(thread.key)
        details = {"thread": request.threads[-1]}
        self._tell("comment", "created", found, login, request=request, subject=comment, details=details)
        return keys

    @locked
    def reply(self, project: str, number: int, thread: str, body: str, login: str = PERSON) -> None:
        """Answer in a thread."""
        found = self._project(project)
        request = found.requests[int(number)]
        comment = Comment(author=login, body=body, at=self._world.stamp())
        [wanted] = [one for one in request.threads if one.key == thread]
        wanted.comments.append(comment)
        self._tell("comment", "created", found, login, request=request, subject=comment, details={"thread": wanted})

    @locked
    def resolve(
        self, project: str, number: int, thread: str | None = None, login: str = PERSON, *, resolved: bool = True
    ) -> None:
        """Resolve a thread, or all; `resolved` false opens it again."""
        found = self._project(project)
        request = found.requests[int(number)]
        for one in request.threads:
            if thread in {None, one.key} and one.resolved != resolved:
                one.resolved_by = login if resolved else None
                action = "resolved" if resolved else "unresolved"
                self._tell("thread", action, found, login, request=request, subject=one)

    @locked
    def review(self, project: str, number: int, state: str = "APPROVED", body: str = "", login: str = PERSON) -> None:
        """Judge a request: APPROVED, CHANGES_REQUESTED, COMMENTED, or DISMISSED (which takes a judgement back)."""
        found = self._project(project)
        request = found.requests[int(number)]
        made = Review(author=login, state=state, body=body, sha=found.head_sha(request), at=self._world.stamp())
        request.reviews.append(made)
        action = "dismissed" if state == "DISMISSED" else "submitted"
        self._tell("review", action, found, login, request=request, subject=made)

    @locked
    def comment(self, project: str, number: int, body: str, login: str = PERSON) -> None:
        """Say something on the request itself."""
        found = self._project(project)
        request = found.requests[int(number)]
        request.comments.append(Comment(author=login, body=body, at=self._world.stamp()))
        self._tell("comment", "created", found, login, request=request, subject=request.comments[-1])

    # -- what CI says of a commit: of `sha`, or of the head of request `number`

    @locked
    def set_check(self, project: str, name: str, conclusion: str | None = "success", **more: Any) -> None:
        """Report a check run: `conclusion` null is still running (`status`). `count` makes many, `sha` or `number`."""
        found = self._project(project)
        sha = self._sha(found, more.get("number"), more.get("sha"))
        status = "completed" if conclusion else more.get("status", "in_progress")
        count = int(more.get("count", 1))
        for name_ in [name] if count == 1 else [f"{name} {number}" for number in range(1, count + 1)]:
            found.checks[:] = [run for run in found.checks if (run.sha, run.name) != (sha, name_)]
            found.checks.append(CheckRun(name=name_, sha=sha, status=status, conclusion=conclusion))
        action = "completed" if conclusion else "created"
        self._tell("check", action, found, "ci[bot]", subject=found.checks[-1])

    @locked
    def set_status(self, project: str, context: str, state: str = "success", **more: Any) -> None:
        """Report a commit status; `sha` or `number`."""
        found = self._project(project)
        sha = self._sha(found, more.get("number"), more.get("sha"))
        status = CommitStatus(context=context, sha=sha, state=state, at=self._world.stamp())
        found.statuses.append(status)
        self._tell("status", state, found, "ci[bot]", subject=status)

    @locked
    def set_pipeline(self, project: str, status: str = "success", **more: Any) -> Facts:
        """Report a pipeline in its newest state; `sha` or `number`, `ref`."""
        found = self._project(project)
        sha = self._sha(found, more.get("number"), more.get("sha"))
        pipeline = Pipeline(sha=sha, ref=more.get("ref", "feature"), status=status, at=self._world.stamp())
        found.pipelines.append(pipeline)
        self._tell("pipeline", status, found, "ci[bot]", subject=pipeline)
        return {"id": pipeline.number, "sha": sha}

    # -- credentials

    @locked
    def add_token(self, login: str = "bot", value: str | None = None, **more: Any) -> str:
        """Give out a token; `more` may be kind, permissions, scopes, projects, expires_in (seconds)."""
        seconds = more.pop("expires_in", None)
        expires = None if seconds is None else self._world.now() + float(seconds)
        sets = {name: set(more[name]) for name in {"scopes", "projects"} & more.keys()}
        made = Token(value=value or f"pat_{secrets.token_hex(16)}", login=login, expires_at=expires, **(more | sets))
        return self._world.credentials.add(made).value

    @locked
    def expire_token(self, value: str) -> None:
        """Let a token be over now."""
        self._world.credentials.tokens[value].expires_at = self._world.now()

    @locked
    def expire_all(self, kind: str | None = None) -> int:
        """Let all tokens (of a kind) be over now; how many."""
        found = [token for token in self._world.credentials.tokens.values() if kind in {None, token.kind}]
        for token in found:
            token.expires_at = self._world.now()
        return len(found)

    @locked
    def add_app(self, number: str, public_key: str, client_id: str = "") -> None:
        """Register a GitHub App by its public key (PEM)."""
        self._world.credentials.apps[number] = App(number=number, public_key=public_key, client_id=client_id)

    @locked
    def install(
        self, app: str, account: str, projects: list[str], permissions: dict[str, str] | None = None, number: int = 0
    ) -> int:
        """Install an app on projects; the installation's number."""
        made = Installation(number=number or fresh_number(), account=account, projects=set(projects))
        made.permissions = permissions or made.permissions
        self._world.credentials.apps[app].installations[made.number] = made
        return made.number

    @locked
    def suspend(self, app: str, number: int, *, suspended: bool = True) -> None:
        """Suspend an installation, or end that."""
        self._world.credentials.apps[app].installations[int(number)].suspended = suspended

    @locked
    def uninstall(self, app: str, number: int) -> None:
        """Take an installation away."""
        del self._world.credentials.apps[app].installations[int(number)]

    @locked
    def add_client(self, number: str, secret: str) -> None:
        """Register a GitLab OAuth application."""
        self._world.credentials.clients[number] = Client(number=number, secret=secret)

    @locked
    def grant(self, login: str = "bot", scopes: list[str] | None = None, projects: list[str] | None = None) -> Facts:
        """An OAuth pair of GitLab, as if somebody had just agreed."""
        reached = set(projects) if projects is not None else None
        access, refresh = self._world.credentials.grant(login, self._world.now(), set(scopes or ["api"]), reached)
        return {"access_token": access.value, "refresh_token": refresh, "expires_at": access.expires_at}

    # -- trouble, time, and what was seen

    @locked
    def arm(self, **fault: Any) -> None:
        """Arm a fault, by the names of `faults.Fault`."""
        self._world.faults.arm(Fault(**fault))

    @locked
    def disarm(self) -> None:
        """Disarm all faults."""
        self._world.faults.armed.clear()

    @locked
    def advance(self, seconds: float) -> str:
        """Move the forge's clock on; its time then."""
        self._world.ahead += float(seconds)
        return self._world.stamp()

    @locked
    def set_quota(self, limit: int) -> None:
        """How many requests a token has an hour."""
        self._world.quota_limit = int(limit)

    @locked
    def journal(self) -> list[Facts]:
        """Every request so far."""
        return self._world.journal.as_json()

    @locked
    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self._world.journal.clear()

    @locked
    def add_hook(self, url: str, secret: str, provider: str = "github", project: str | None = None) -> str:
        """Deliver to this address from now on; the hook's key."""
        hook = Hook(url=url, secret=secret, provider=provider, project=project)
        self._webhooks.hooks.append(hook)
        return hook.key

    def deliveries(self) -> list[Facts]:
        """Every delivery, after those under way are done."""
        self._webhooks.settle()
        return self._webhooks.as_json()

    @locked
    def redeliver(self, key: str) -> None:
        """Deliver once more, byte for byte."""
        self._webhooks.again(key)
