"""A provider that answers by a script, without a socket."""

import json
from collections.abc import Iterator
from typing import Any

import httpx

from gastown.adapters.github.git_host import GitHubHost
from gastown.domain.pull import Provider, PullRef, Repository
from gastown.ports.git_host import Access
from tests.support.contracts.git_host import RememberedAnswers
from tests.support.fakes.clock import FixedClock

TOKEN = "ghp_0123456789abcdefSECRET"
REPOSITORY = Repository(provider=Provider.GITHUB, host="github.com", owner="acme", name="widgets.js")
PULL = PullRef(repository=REPOSITORY, number=7, url="https://github.com/acme/widgets.js/pull/7")
BASE = "/repos/acme/widgets.js"
HEAD = "a" * 40


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    """An answer; a name's underscores stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(status, content=content, headers=named)


class Pieces(httpx.SyncByteStream):
    """A body that comes in pieces; an exception among them ends it."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        """Keep them."""
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        """One after the other."""
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


class Script:
    """What is answered to which method and path; the last answer stays. `requests` are those that came."""

    def __init__(self) -> None:
        """Start with nothing to say."""
        self.lines: dict[tuple[str, str], list[httpx.Response | Exception]] = {}
        self.requests: list[httpx.Request] = []

    def on(self, method: str, path: str, *answers: httpx.Response | Exception) -> None:
        """Answer this method and path (with its query), one after the other."""
        self.lines[method, path] = list(answers)

    def perform(self, request: httpx.Request) -> httpx.Response:
        """Answer as scripted; whatever nobody wrote a line for fails the test."""
        self.requests.append(request)
        lines = self.lines[request.method, request.url.raw_path.decode()]
        line = lines.pop(0) if len(lines) > 1 else lines[0]
        if isinstance(line, Exception):
            raise line
        return line

    def bodies(self, method: str) -> list[dict[str, Any]]:
        """What was sent by a method."""
        return [json.loads(request.content) for request in self.requests if request.method == method]

    def github(self, clock: FixedClock | None = None, **options: Any) -> GitHubHost:
        """A GitHub that stands before this script."""
        transport = httpx.MockTransport(self.perform)
        return GitHubHost(clock=clock or FixedClock(), transport=transport, **options)


def access(token: str = TOKEN) -> Access:
    """A token and an empty memory."""
    return Access(token=token, memory=RememberedAnswers())


def pull_body(**changes: Any) -> dict[str, Any]:
    """A pull request as REST tells it, with fields that nobody reads."""
    body = {
        "id": 1,
        "number": 7,
        "html_url": PULL.url,
        "state": "open",
        "merged": False,
        "title": "Count",
        "draft": False,
        "head": {"ref": "work", "sha": HEAD, "label": "acme:work"},
        "base": {"ref": "main", "sha": "b" * 40},
        "mergeable": True,
        "mergeable_state": "clean",
        "merge_commit_sha": "c" * 40,
    }
    return body | changes
