"""Whom we talk to and as whom: addresses, headers, and the check of the host before anything is sent.

https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api (headers),
https://docs.github.com/en/rest/about-the-rest-api/api-versions (the pinned version),
https://docs.github.com/en/enterprise-server/rest/quickstart (`/api/v3` and `/api/graphql` of an own server).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gastown.adapters.http.provider_http import Call, Conversation, ProviderHttp
from gastown.adapters.http.reading import fetch, look_up
from gastown.adapters.http.shapes import M
from gastown.domain.pull import HostMismatch, HttpError, InvalidResponse, Provider, Repository, UnrecognizedUrl
from gastown.ports.git_host import Access, ResponseMemory

API_VERSION: Final = "2022-11-28"
ACCEPTED: Final = "application/vnd.github+json, application/vnd.github.merge-info-preview+json"
"""The preview is `mergeStateStatus` on older servers; others do not mind."""
PUBLIC_API: Final = "https://api.github.com"
PUBLIC_HOST: Final = "github.com"
SERVER_API: Final = "/api/v3"
DOTS: Final = frozenset({"", ".", ".."})


@dataclass(frozen=True, kw_only=True)
class Session:
    """The calls of one method of the port, on one repository."""

    conversation: Conversation
    memory: ResponseMemory
    repository: Repository
    api_url: str

    @property
    def graphql_url(self) -> str:
        """Where queries go: beside the REST API, which an own server has below `/api/v3`."""
        server = self.api_url.removesuffix(SERVER_API)
        return f"{self.api_url}/graphql" if server == self.api_url else f"{server}/api/graphql"

    def look_up(self, model: type[M], path: str) -> M | HttpError | InvalidResponse:
        """Read something of the repository, unless it is as it was."""
        return look_up(self.conversation, model, self._address(path), self.memory)

    def fetch(
        self, model: type[M], method: str, path: str, body: Mapping[str, object] | None = None
    ) -> M | HttpError | InvalidResponse:
        """Call the repository's API and read the answer."""
        return fetch(self.conversation, model, Call(method=method, url=self._address(path), body=body))

    def tell(self, method: str, path: str, body: Mapping[str, object]) -> HttpError | None:
        """Call the repository's API; the answer does not matter beyond being a success."""
        answer = self.conversation.send(Call(method=method, url=self._address(path), body=body))
        return answer if isinstance(answer, HttpError) else None

    def _address(self, path: str) -> str:
        owner, name = quote(self.repository.owner, safe=""), quote(self.repository.name, safe="")
        return f"{self.api_url}/repos/{owner}/{name}/{path}"


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Begins sessions at the configured host, and nowhere else."""

    http: ProviderHttp
    api_url: str
    web_host: str

    def begin(self, repository: Repository, access: Access) -> Session | HostMismatch | UnrecognizedUrl:
        """Begin one, unless the repository lives elsewhere: then nothing is sent."""
        if repository.host.lower() != self.web_host.lower():
            return HostMismatch(provider=Provider.GITHUB, expected=self.web_host, got=repository.host)
        if DOTS & {repository.owner, repository.name}:
            return UnrecognizedUrl(url=f"https://{repository.host}/{repository.path}")
        headers = {
            "accept": ACCEPTED,
            "authorization": f"Bearer {access.token}",
            "x-github-api-version": API_VERSION,
        }
        return Session(
            conversation=self.http.converse(access.token, headers),
            memory=access.memory,
            repository=repository,
            api_url=self.api_url.rstrip("/"),
        )
