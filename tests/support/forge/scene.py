"""Where most tests begin: one project, one request from `feature` to `main`, a token that may do all."""

import ssl
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.forge.server import Forge

PATH = "acme/widgets"
TRUST = ssl.create_default_context()  # made once: httpx would read all certificates for every single request


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A forge with one open request."""

    forge: Forge
    token: str
    number: int
    sha: str
    path: str = PATH

    @property
    def github(self) -> str:
        """GitHub's address of the pull request, after the server."""
        return f"/repos/{self.path}/pulls/{self.number}"

    @property
    def gitlab(self) -> str:
        """GitLab's address of the merge request, after the server."""
        return f"/api/v4/projects/{self.path.replace('/', '%2F')}/merge_requests/{self.number}"

    def call(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        """Ask with the scene's token, or another, in the provider's header; no redirect is followed."""
        headers = {**self._authorization(path, self.token if token is None else token), **more.pop("headers", {})}
        return httpx.request(method, self.forge.url + path, headers=headers, verify=TRUST, **more)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer to a GraphQL query."""
        body = {"query": query, "variables": variables}
        answer: dict[str, Any] = self.call("POST", "/graphql", json=body).json()
        return answer

    def state(self) -> dict[str, Any]:
        """What the forge itself knows of the request."""
        return self.forge.steer.read_request(self.path, self.number)

    def conflict(self) -> None:
        """Let somebody change the same file on `main`."""
        self.forge.steer.push(self.path, "main", {"feature.txt": "another view\n"})

    @staticmethod
    def _authorization(path: str, token: str) -> dict[str, str]:
        if not token:
            return {}
        return {"PRIVATE-TOKEN": token} if path.startswith("/api/v4") else {"Authorization": f"Bearer {token}"}


def open_scene(forge: Forge, path: str = PATH) -> Scene:
    """Make the project, the branch, the request and the token."""
    steer = forge.steer
    steer.add_project(path)
    sha = steer.push(path, "feature", {"feature.txt": "one view\n"})["sha"]
    number = steer.open_request(path, "feature", title="Add a feature", login="author")["number"]
    return Scene(forge=forge, path=path, token=steer.add_token("bot"), number=number, sha=sha)
