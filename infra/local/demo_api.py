"""A small client of the people's HTTP API, as a script of a user would have it: `infra.local.demo` and tests use it."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE_SECONDS = 60.0
BUSY = 503


class Refused(Exception):
    """The service answered with an error; `status` is its code."""

    def __init__(self, status: int, text: str) -> None:
        """Keep the status and what the service said."""
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclass(frozen=True, kw_only=True)
class TownApi:
    """Calls one service as one person."""

    api: str
    user_id: str
    user_token: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=40, trust_env=False))

    @property
    def people(self) -> str:
        """The prefix of the person's own routes."""
        return f"/api/users/{self.user_id}"

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request with the person's token; the answer as it is."""
        headers = {"Authorization": f"Bearer {self.user_token}", **options.pop("headers", {})}
        return self.client.request(method, self.api + path, headers=headers, **options)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The data of a success; waits while the service says so. Raises `Refused` otherwise."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.send(method, path, json=body) if body is not None else self.send(method, path)
            if answer.status_code != BUSY or time.monotonic() > deadline:
                return _data(answer)
            time.sleep(min(float(answer.headers.get("Retry-After", "1")), 5.0))

    def create_town(self, name: str) -> str:
        """The id of a new town that is ready for use."""
        town = self.call("POST", f"{self.people}/towns", {"name": name})
        town_id = str(town["id"])
        self.call("GET", f"/api/towns/{town_id}/config")
        return town_id

    def create_rig(self, town_id: str, name: str, git_url: str, default_branch: str) -> str:
        """The id of a new rig."""
        body = {"town_id": town_id, "name": name, "git_url": git_url, "default_branch": default_branch}
        return str(self.call("POST", f"{self.people}/rigs", body)["id"])

    def configure(self, town_id: str, settings: dict[str, Any]) -> Any:
        """Change a town's settings; the settings as they are then."""
        return self.call("PATCH", f"/api/towns/{town_id}/config", settings)

    def sling_convoy(self, town_id: str, order: dict[str, Any]) -> dict[str, Any]:
        """Sling a convoy: {convoy, beads}."""
        slung: dict[str, Any] = self.call("POST", f"/api/towns/{town_id}/convoys/sling", order)
        return slung

    def convoy(self, town_id: str, convoy_id: str) -> dict[str, Any]:
        """A convoy as it stands."""
        found: dict[str, Any] = self.call("GET", f"/api/towns/{town_id}/convoys/{convoy_id}")
        return found

    def events(self, town_id: str) -> list[dict[str, Any]]:
        """The town's history so far, oldest first."""
        found: list[dict[str, Any]] = self.call("GET", f"{self.people}/towns/{town_id}/events?limit=500")
        return sorted(found, key=lambda event: (event["created_at"], event.get("bead_event_id", "")))

    def agents(self, town_id: str, rig_id: str) -> list[dict[str, Any]]:
        """The agents of a rig."""
        found: list[dict[str, Any]] = self.call("GET", f"/api/towns/{town_id}/rigs/{rig_id}/agents")
        return found

    def bead(self, town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
        """One bead of any kind, live or ended."""
        found: dict[str, Any] = self.call("GET", f"/api/towns/{town_id}/rigs/{rig_id}/beads/{bead_id}")
        return found


def _data(answer: httpx.Response) -> Any:
    try:
        body = answer.json()
    except ValueError:
        raise Refused(answer.status_code, answer.text[:300]) from None
    if answer.is_success and body.get("success", True):
        return body.get("data", body)
    raise Refused(answer.status_code, str(body.get("error", body))[:500])
