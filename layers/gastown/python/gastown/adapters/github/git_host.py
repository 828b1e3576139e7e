"""GitHub as a provider of pull requests."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from gastown.adapters.github.feedback import read_feedback
from gastown.adapters.github.merging import merge_pull
from gastown.adapters.github.opening import make_branch_once, open_once
from gastown.adapters.github.pulls import read_pull
from gastown.adapters.github.session import PUBLIC_API, PUBLIC_HOST, Session, Sessions
from gastown.adapters.http.provider_http import ProviderHttp
from gastown.domain.pull import (
    Feedback,
    Provider,
    PullMerged,
    PullOrder,
    PullRef,
    PullState,
    Refusal,
    Repository,
)
from gastown.ports.git_host import Access

if TYPE_CHECKING:
    import httpx

    from gastown.ports.clock import Clock


class GitHubHost:
    """github.com, or an own server by its `api_url` (such as https://git.example.com/api/v3) and `web_host`."""

    def __init__(
        self,
        *,
        clock: "Clock",
        api_url: str = PUBLIC_API,
        web_host: str = PUBLIC_HOST,
        transport: "httpx.BaseTransport | None" = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep where GitHub is; nothing is opened before the first call."""
        self._http = ProviderHttp(provider=Provider.GITHUB, clock=clock, transport=transport, elapsed=elapsed)
        self._sessions = Sessions(http=self._http, api_url=api_url, web_host=web_host)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def pull_state(self, pull: PullRef, access: Access) -> PullState | Refusal:
        """One call, on the condition that something changed. See `read_pull`."""
        session = self._sessions.begin(pull.repository, access)
        return read_pull(session, pull.number) if isinstance(session, Session) else session

    def feedback(self, pull: PullRef, head_sha: str, access: Access) -> Feedback | Refusal:
        """Three calls, and one more for each further page. See `read_reviews` and `read_checks`."""
        session = self._sessions.begin(pull.repository, access)
        return read_feedback(session, pull, head_sha) if isinstance(session, Session) else session

    def merge(self, pull: PullRef, sha: str, title: str, access: Access) -> PullMerged | Refusal:
        """One call for each method that the repository forbids, and one; a look if it is refused. See `merge_pull`."""
        session = self._sessions.begin(pull.repository, access)
        return merge_pull(session, pull, sha, title) if isinstance(session, Session) else session

    def open_pull(self, repository: Repository, order: PullOrder, access: Access) -> PullRef | Refusal:
        """A look, a call, and one for labels. See `open_once`."""
        session = self._sessions.begin(repository, access)
        return open_once(session, order) if isinstance(session, Session) else session

    def make_branch(self, repository: Repository, branch: str, start: str, access: Access) -> Refusal | None:
        """Two calls. See `make_branch_once`."""
        session = self._sessions.begin(repository, access)
        return make_branch_once(session, branch, start) if isinstance(session, Session) else session
