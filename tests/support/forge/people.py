"""What people do: push, open and change requests, review, comment, resolve, merge by hand."""

from pathlib import Path
from typing import Any

from tests.support.forge.hands import PERSON, Facts, Hands, locked
from tests.support.forge.requests import ChangeRequest, Comment, Project, Review, Thread


class People(Hands):
    """The moves of people."""

    @locked
    def add_project(self, path: str, default_branch: str = "main", source: str | None = None, **rules: Any) -> Facts:
        """Make a project, empty or a copy of a repository on disk; with the rules of `set_rules`."""
        project = self._world.add_project(path, default_branch=default_branch, source=Path(source) if source else None)
        self.set_rules(path, **rules)
        return {"path": path, "id": project.number, "head": project.repository.head(default_branch)}

    @locked
    def remove_project(self, path: str) -> None:
        """Let a project be gone: 404 for everybody."""
        del self._world.projects[path.lower()]

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
        """Open a request; `more` may be body, draft, login, fork."""
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
        """Merge as a person does, whatever the rules say; git's own objections hold. Raises `CannotMerge`."""
        found = self._project(project)
        request = found.requests[int(number)]
        if method not in {"merge", "squash", "rebase"}:
            raise ValueError(method)
        self._world.merge(found, request, method, f"{request.title} (#{number})", login)  # type: ignore[arg-type]
        return self._facts(found, request)

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
    def review(self, project: str, number: int, state: str = "APPROVED", **more: Any) -> None:
        """Judge a request: APPROVED, CHANGES_REQUESTED, COMMENTED, or DISMISSED (which takes a judgement back).

        `more` may be body, login, writer (false: somebody who may not push, whose word does not count).
        """
        found = self._project(project)
        request = found.requests[int(number)]
        facts = {"author": more.pop("login", PERSON), "body": "", "sha": found.head_sha(request)} | more
        made = Review(state=state, at=self._world.stamp(), **facts)
        request.reviews.append(made)
        action = "dismissed" if state == "DISMISSED" else "submitted"
        self._tell("review", action, found, made.author, request=request, subject=made)

    @locked
    def comment(self, project: str, number: int, body: str, login: str = PERSON) -> None:
        """Say something on the request itself."""
        found = self._project(project)
        request = found.requests[int(number)]
        request.comments.append(Comment(author=login, body=body, at=self._world.stamp()))
        self._tell("comment", "created", found, login, request=request, subject=request.comments[-1])
