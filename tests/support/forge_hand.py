"""The forge's steering in the words of the contract of `git_host`: what both of its dialects do alike."""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from gastown.adapters.system.clock import SystemClock
from gastown.domain.pull import Provider, PullRef, Repository
from tests.support.contracts.git_host import TITLE, Method, Part, Spoiled
from tests.support.forge import Forge
from tests.support.forge.faults import Kind
from tests.support.forge.repository import Repository as BareRepository

PATH = "acme/widgets.js"
ELSEWHERE = "localhost"
"""The forge by another name: another host to a client, and the journal tells which one was asked for."""
WEATHER = {
    "not_json": Kind.NOT_JSON,
    "wrong_shape": Kind.WRONG_SHAPE,
    "truncated": Kind.TRUNCATED,
    "dropped": Kind.DROP,
}


class ForgeHand:
    """A hand on one project of a forge. A dialect says where its pages are and which requests make up a part."""

    provider: ClassVar[Provider]
    parts: ClassVar[Mapping[Part, str]]

    def __init__(self, forge: Forge) -> None:
        """Make the project, with a first commit, and a token."""
        self.forge, self.steer, self.clock = forge, forge.steer, SystemClock()
        self.host = urlsplit(forge.url).netloc
        owner, name = PATH.split("/")
        hostname = urlsplit(forge.url).hostname or ""
        self.repository = Repository(provider=self.provider, host=hostname, owner=owner, name=name)
        self.steer.add_project(PATH)
        self.steer.push(PATH, "main", {"README.md": "Widgets.\n"})
        self.token = self.steer.add_token("bot")

    @property
    def _git(self) -> BareRepository:
        return self.forge.world.projects[PATH].repository

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """Commit files onto a branch."""
        return str(self.steer.push(PATH, branch, dict(files))["sha"])

    def head(self, branch: str) -> str | None:
        """Where a branch stands."""
        return self._git.head(branch)

    def message(self, sha: str) -> str:
        """A commit's message."""
        return self._git.git("log", "-1", "--format=%B", sha)

    def file(self, branch: str, name: str) -> str | None:
        """What a file holds."""
        listed = self._git.git("ls-tree", "--name-only", branch, name)
        return f"{self._git.git('show', f'{branch}:{name}').rstrip()}\n" if listed.strip() else None

    def open_pull(self, head: str, *, title: str = TITLE, draft: bool = False) -> PullRef:
        """A person opens one."""
        facts = self.steer.open_request(PATH, head, title=title, draft=draft)
        return PullRef(repository=self.repository, number=facts["number"], url=facts[f"{self.provider.value}_url"])

    def labels(self, pull: PullRef) -> set[str]:
        """The labels it carries."""
        return set(self.steer.read_request(PATH, pull.number)["labels"])

    def close(self, pull: PullRef) -> None:
        """A person closes it."""
        self.steer.set_request(PATH, pull.number, state="closed")

    def merge(self, pull: PullRef) -> str:
        """A person merges it."""
        return str(self.steer.merge(PATH, pull.number)["merge_sha"])

    def compute_for(self, reads: int) -> None:
        """Say for some reads that mergeability is being computed."""
        self.steer.set_lag(PATH, reads)

    def say_merge_state(self, pull: PullRef, word: str) -> None:
        """Use this word."""
        self.steer.set_request(PATH, pull.number, forced_state=word)

    def add_thread(
        self, pull: PullRef, body: str, *, author: str = "rita", place: tuple[str, int] | None = None
    ) -> str:
        """Begin a discussion."""
        path, line = place or ("README.md", 1)
        return self.steer.add_thread(PATH, pull.number, body, login=author, path=path, line=line)[0]

    def resolve(self, pull: PullRef, thread: str) -> None:
        """Resolve it."""
        self.steer.resolve(PATH, pull.number, thread)

    def require_approval(self) -> None:
        """One approval is needed."""
        self.steer.set_rules(PATH, required_approvals=1)

    def approve(self, pull: PullRef, *, author: str = "rita") -> None:
        """Approve."""
        self.steer.review(PATH, pull.number, "APPROVED", login=author)

    def request_changes(self, pull: PullRef, *, author: str = "rita", words: str = "") -> None:
        """Ask for changes."""
        self.steer.review(PATH, pull.number, "CHANGES_REQUESTED", login=author, body=words)

    def allow_only(self, method: Method) -> None:
        """Allow this one way to merge."""
        self.steer.set_rules(PATH, methods=[method])

    def fail_next(self, status: int, *, headers: Mapping[str, str] | None = None, message: str = "") -> None:
        """Answer with this status."""
        self.steer.arm(kind=Kind.ANSWER, status=status, headers=dict(headers or {}), body={"message": message})

    def spoil_next(self, how: Spoiled) -> None:
        """Spoil an answer."""
        self.steer.arm(kind=WEATHER[how])

    def limit_next(self, seconds: int) -> None:
        """Be out of quota."""
        self.steer.arm(kind=Kind.RATE_LIMITED, seconds=seconds)

    def redirect_next(self, *, elsewhere: bool) -> None:
        """Redirect to the same path of this host, or of another."""
        host = self.host.replace("127.0.0.1", ELSEWHERE) if elsewhere else self.host
        self.steer.arm(kind=Kind.REDIRECT, location=f"http://{host}/")

    def lose_answer_of_merge(self) -> None:
        """Merge, and hang up."""
        self.steer.arm(kind=Kind.LOST, method="PUT", path="/merge$")

    def break_part(self, part: Part) -> None:
        """Answer 502 for a part."""
        self.steer.arm(kind=Kind.STATUS, status=502, times=None, path=self.parts[part])

    def requests(self) -> int:
        """How many came."""
        return len(self.forge.journal.entries)

    def tokens_elsewhere(self) -> set[str]:
        """Which tokens came under another name than ours."""
        return {entry.token for entry in self.forge.journal.entries if entry.token and entry.host != self.host}
