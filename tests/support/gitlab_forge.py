"""The hand of `contracts.git_host` on a forge that is asked as GitLab."""

from collections.abc import Mapping
from typing import Final

from gastown.adapters.system.clock import SystemClock
from gastown.domain.pull import Provider, PullRef, Repository
from gastown.ports.clock import Clock
from tests.support.contracts.git_host import TITLE, CheckOutcome, Method, Part, Spoiled
from tests.support.forge import Forge
from tests.support.forge.requests import Project

API: Final = r"^/api/v4/"
PARTS: Final[dict[Part, str]] = {"threads": "/discussions$", "checks": "/statuses$", "approvals": "/approvals$"}
STATES: Final[dict[CheckOutcome, str]] = {
    "passed": "success",
    "failed": "failed",
    "running": "running",
    "skipped": "skipped",
}
SPOILED: Final[dict[Spoiled, str]] = {
    "not_json": "not_json",
    "wrong_shape": "wrong_shape",
    "truncated": "truncated",
    "dropped": "drop",
}


class GitLabForge:
    """One project in a subgroup, with a dot in its name; `url` is the instance."""

    def __init__(self, forge: Forge) -> None:
        """Make the project, and a token that may do everything."""
        self._forge, self._steer, self._path = forge, forge.steer, "town/tools/my.widgets"
        self._steer.add_project(self._path)
        self.url = forge.url
        self.token: str = self._steer.add_token(value="glpat-0123456789abcdef")
        self.clock: Clock = SystemClock()
        self.repository = Repository(provider=Provider.GITLAB, host="127.0.0.1", owner="town/tools", name="my.widgets")

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """Commit files onto a branch; its new head."""
        sha: str = self._steer.push(self._path, branch, dict(files))["sha"]
        return sha

    def head(self, branch: str) -> str | None:
        """Where a branch stands."""
        return self._project.repository.head(branch)

    def message(self, sha: str) -> str:
        """A commit's message."""
        return self._project.repository.git("log", "-1", "--format=%B", sha)

    def file(self, branch: str, name: str) -> str | None:
        """What a file holds at a branch's head; git's output comes without its last line break."""
        return self._project.repository.git("show", f"{branch}:{name}") + "\n"

    def open_pull(self, head: str, *, title: str = TITLE, draft: bool = False) -> PullRef:
        """A person opens a merge request to `main`."""
        facts = self._steer.open_request(self._path, head, "main", title, draft=draft)
        return PullRef(repository=self.repository, number=facts["number"], url=facts["gitlab_url"])

    def labels(self, pull: PullRef) -> set[str]:
        """The labels it carries."""
        return set(self._steer.read_request(self._path, pull.number)["labels"])

    def close(self, pull: PullRef) -> None:
        """A person closes it unmerged."""
        self._steer.set_request(self._path, pull.number, state="closed")

    def merge(self, pull: PullRef) -> str:
        """A person merges it by a merge commit; the new head of `main`."""
        sha: str = self._steer.merge(self._path, pull.number, "merge")["merge_sha"]
        return sha

    def compute_for(self, reads: int) -> None:
        """Let the next reads of a new head say that mergeability is still being computed."""
        self._steer.set_lag(self._path, reads)

    def say_merge_state(self, pull: PullRef, word: str) -> None:
        """Let `detailed_merge_status` be this word from now on."""
        self._steer.set_request(self._path, pull.number, forced_state=word)

    def add_thread(
        self, pull: PullRef, body: str, *, author: str = "rita", place: tuple[str, int] | None = None
    ) -> str:
        """A reviewer begins a discussion; its key."""
        where = {} if place is None else {"path": place[0], "line": place[1]}
        (key,) = self._steer.add_thread(self._path, pull.number, body, login=author, **where)
        return key

    def resolve(self, pull: PullRef, thread: str) -> None:
        """Somebody resolves it."""
        self._steer.resolve(self._path, pull.number, thread)

    def set_check(self, sha: str, name: str, outcome: CheckOutcome) -> None:
        """A job or an external status of this head reports."""
        self._steer.set_status(self._path, name, STATES[outcome], sha=sha)

    def require_approval(self) -> None:
        """From now on one approval is needed."""
        self._steer.set_rules(self._path, required_approvals=1)

    def approve(self, pull: PullRef, *, author: str = "rita") -> None:
        """A reviewer approves."""
        self._steer.review(self._path, pull.number, "APPROVED", login=author)

    def request_changes(self, pull: PullRef, *, author: str = "rita") -> None:
        """A reviewer asks for changes."""
        self._steer.review(self._path, pull.number, "CHANGES_REQUESTED", login=author)

    def allow_only(self, method: Method) -> None:
        """From now on the project merges in this one way."""
        self._steer.set_rules(self._path, methods=[method])

    def fail_next(self, status: int, *, headers: Mapping[str, str] | None = None, message: str = "") -> None:
        """Answer the next request with this status, and do not perform it."""
        body = {"message": message or f"{status} said the forge"}
        self._steer.arm(kind="status", path=API, status=status, headers=dict(headers or {}), body=body)

    def spoil_next(self, how: Spoiled) -> None:
        """Spoil the answer to the next request."""
        self._steer.arm(kind=SPOILED[how], path=API)

    def limit_next(self, seconds: int) -> None:
        """Answer the next request as out of quota."""
        self._steer.arm(kind="rate_limited", path=API, seconds=seconds)

    def redirect_next(self, *, elsewhere: bool) -> None:
        """Redirect the next request to another name of this machine, or once to itself."""
        place = self.url.replace("127.0.0.1", "localhost") if elsewhere else self.url
        self._steer.arm(kind="redirect", path=API, location=f"{place}/")

    def lose_answer_of_merge(self) -> None:
        """Perform the next merge, and end the connection before it is answered."""
        self._steer.arm(kind="lost", method="PUT", path="/merge$")

    def break_part(self, part: Part) -> None:
        """From now on the requests for a part of the feedback are answered 502."""
        self._steer.arm(kind="status", path=PARTS[part], status=502, times=None)

    def requests(self) -> int:
        """How many requests arrived, at any host."""
        return len(self._forge.journal.entries)

    def tokens_elsewhere(self) -> set[str]:
        """The tokens that arrived at any host but the instance."""
        entries = self._forge.journal.entries
        return {entry.token for entry in entries if entry.token and not self.url.endswith(f"/{entry.host}")}

    @property
    def _project(self) -> Project:
        return self._forge.world.projects[self._path]
