"""The HTTP API of `kilo serve` and `opencode serve`, as far as it is needed here; both programs speak the same."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

CALL_LIMIT = 30.0
"""Seconds for one call; none of them waits for a model."""
SILENCE_LIMIT = 120.0
"""Seconds without anything on the event stream; the server sends a sign of life every ten."""


class ServeError(Exception):
    """The server did not do what it was asked."""


@dataclass(frozen=True, kw_only=True)
class ServeEvent:
    """One event of the stream: its type and what it says."""

    type: str
    properties: dict[str, Any]

    @property
    def session_id(self) -> str | None:
        """Whose it is; none for what concerns the server."""
        found = self.properties.get("sessionID")
        return found if isinstance(found, str) else None


class ServeClient:
    """Speaks to one server."""

    def __init__(self, *, port: int, user: str, password: str) -> None:
        """The server of this port, with its password."""
        # Nothing of the surroundings: a proxy there must not see what is said on this host.
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", auth=(user, password), timeout=CALL_LIMIT, trust_env=False
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def is_ready(self, *, limit: float) -> bool:
        """Whether it answers within `limit` seconds: that it is there, and then with the sessions of its folder."""
        try:
            for path in ("/global/health", "/session?limit=1"):
                answer = await self._http.get(path, timeout=limit)
                if answer.status_code != HTTPStatus.OK:
                    return False
        except httpx.HTTPError:
            return False
        return True

    async def sessions(self, folder: Path) -> list[str]:
        """The ids of the folder's sessions, the last used first; those of sub-agents are left out.

        So are those of other folders, which the program lists too: it works on them there, and the stream of events
        here is silent about it, for ever.
        """
        found = await self._call("GET", "/session", params={"roots": "true"})
        if not isinstance(found, list):
            raise ServeError("the list of sessions is no list")
        return choose_sessions(found, folder)

    async def create_session(self) -> str:
        """Open a session; its id. Raises `ServeError`."""
        answer = await self._call("POST", "/session", body={})
        found = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(found, str):
            raise ServeError("the server opened no session")
        return found

    async def prompt(self, session_id: str, text: str, *, model: dict[str, str], system: str) -> None:
        """Say something; returns when it was taken, not when it is answered. Raises `ServeError`."""
        body: dict[str, Any] = {"parts": [{"type": "text", "text": text}], "model": model}
        await self._call(
            "POST", f"/session/{session_id}/prompt_async", body=body | ({"system": system} if system else {})
        )

    async def abort(self, session_id: str) -> None:
        """Cut the turn off. Raises `ServeError`."""
        await self._call("POST", f"/session/{session_id}/abort")

    async def refuse_permission(self, request_id: str) -> None:
        """Answer a question that only a person could: no. Raises `ServeError`."""
        await self._call("POST", f"/permission/{request_id}/reply", body={"reply": "reject"})

    async def refuse_question(self, request_id: str) -> None:
        """Answer a question to a person: there is none. Raises `ServeError`."""
        await self._call("POST", f"/question/{request_id}/reject")

    async def events(self) -> AsyncIterator[ServeEvent]:
        """What happens from now on; the first event says that the stream is open. Raises `ServeError`."""
        limit = httpx.Timeout(CALL_LIMIT, read=SILENCE_LIMIT)
        try:
            async with self._http.stream("GET", "/event", timeout=limit) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise ServeError(f"GET /event: HTTP {answer.status_code}")
                async for line in answer.aiter_lines():
                    if line.startswith("data:"):
                        yield read_event(line.removeprefix("data:"))
        except httpx.HTTPError as error:
            raise ServeError(f"GET /event: {type(error).__name__}") from error

    async def _call(self, method: str, path: str, *, body: Any = None, params: dict[str, str] | None = None) -> Any:
        try:
            answer = await self._http.request(method, path, json=body, params=params)
        except httpx.HTTPError as error:
            raise ServeError(f"{method} {path}: {type(error).__name__}") from error
        if answer.is_error:
            raise ServeError(f"{method} {path}: HTTP {answer.status_code}: {answer.text[:500]}")
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise ServeError(f"{method} {path}: the answer is no JSON") from error


def choose_sessions(found: list[Any], folder: Path) -> list[str]:
    """The ids of a folder's own sessions in a list of any, the last used first."""
    here = str(folder.resolve())
    known = [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)]
    known.sort(key=lambda one: (one.get("time") or {}).get("updated") or 0, reverse=True)
    return [one["id"] for one in known if not one.get("parentID") and one.get("directory", here) == here]


def read_event(text: str) -> ServeEvent:
    """One event of the stream. Raises `ServeError`."""
    try:
        event = json.loads(text)
        return ServeEvent(type=str(event["type"]), properties=dict(event.get("properties") or {}))
    except (ValueError, KeyError, TypeError) as error:
        raise ServeError(f"not an event: {text[:200]}") from error
