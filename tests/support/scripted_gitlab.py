"""A GitLab instance that says what it is told to, and remembers what it was asked."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from gastown.adapters.gitlab.git_host import GitLabHost
from gastown.domain.pull import Provider, PullRef, Repository
from gastown.ports.git_host import Access
from tests.support.contracts.git_host import RememberedAnswers
from tests.support.fakes.clock import FixedClock

TOKEN = "glpat-0123456789abcdef"
HEAD = "a" * 40
MERGED_AS = "c" * 40
API = "https://gitlab.com/api/v4"
PROJECT = f"{API}/projects/group%2Fsub%2Fproject"
MERGE_REQUEST = f"{PROJECT}/merge_requests/7"
STATUSES = f"{PROJECT}/repository/commits/{HEAD}/statuses"
REPOSITORY = Repository(provider=Provider.GITLAB, host="gitlab.com", owner="group/sub", name="project")
PULL = PullRef(repository=REPOSITORY, number=7, url="https://gitlab.com/group/sub/project/-/merge_requests/7")

Reply = Callable[[httpx.Request], httpx.Response]


def a_merge_request(**more: Any) -> dict[str, Any]:
    """The fields of a merge request that matter here, named and typed as its page shows them.

    https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request
    """
    return {
        "id": 155016530,
        "iid": 7,
        "title": "Manual job rules",
        "state": "opened",
        "source_branch": "manual-job-rules",
        "target_branch": "main",
        "source_project_id": 15513260,
        "target_project_id": 15513260,
        "draft": False,
        "merge_status": "can_be_merged",
        "detailed_merge_status": "mergeable",
        "sha": HEAD,
        "merge_commit_sha": None,
        "squash_commit_sha": None,
        "has_conflicts": False,
        "reviewers": [],
        "head_pipeline": None,
        "web_url": PULL.url,
        **more,
    }


class ScriptedGitLab:
    """Answers by method and address without its query; several replies to one address are given in turn."""

    def __init__(self) -> None:
        """Know nothing: every address is 404."""
        self.replies: dict[tuple[str, str], list[Reply]] = {}
        self.requests: list[httpx.Request] = []
        self.memory = RememberedAnswers()
        self.clock = FixedClock()

    def says(
        self, method: str, url: str, body: object = None, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Add a JSON reply; the last one is repeated."""
        self.does(method, url, lambda _: httpx.Response(status, json=body, headers=dict(headers or {})))

    def does(self, method: str, url: str, reply: Reply) -> None:
        """Add any reply, or one that raises."""
        self.replies.setdefault((method, url), []).append(reply)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Record and reply."""
        self.requests.append(request)
        address = str(request.url).partition("?")[0]
        replies = self.replies.get((request.method, address))
        if not replies:
            return httpx.Response(404, json={"message": "404 Not found"})
        return (replies.pop(0) if len(replies) > 1 else replies[0])(request)

    def host(self, instance_url: str = "https://gitlab.com") -> GitLabHost:
        """The adapter, talking to this."""
        return GitLabHost(clock=self.clock, instance_url=instance_url, transport=httpx.MockTransport(self.answer))

    @property
    def access(self) -> Access:
        """A token and this memory."""
        return Access(token=TOKEN, memory=self.memory)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What was asked: method and address without its query."""
        return [(request.method, str(request.url).partition("?")[0]) for request in self.requests]


def sent(request: httpx.Request) -> dict[str, Any]:
    """The JSON that a request carried."""
    body: dict[str, Any] = json.loads(request.content)
    return body
