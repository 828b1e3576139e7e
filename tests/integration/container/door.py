"""A stand-in for the `agents` door: an HTTP server that plays one town for one container and records what it hears."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOWN = "town-1"
BOOT_CODE = "boot-code-of-the-test"
FIRST_TOKEN = "container-token-one"
SECOND_TOKEN = "container-token-two"
GIT_PASSWORD = "git-password-of-the-test"


class Door:
    """What the town would say, and what the container and its agents said."""

    model: dict[str, str] | None = None
    """What agents' models are paid with."""
    kept: dict[str, bytes]
    """What was put at addresses below `/store/`."""

    def __init__(self) -> None:
        """A town that wants nothing yet."""
        self.lock = threading.Condition()
        self.commands: list[dict[str, Any]] = []
        self.acks: dict[str, list[dict[str, Any]]] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.heard: list[tuple[str, str, dict[str, Any]]] = []
        self.beats: list[dict[str, Any]] = []
        self.prime: dict[str, dict[str, Any]] = {}
        self.git: dict[str, str] | None = None
        self.other: str | None = None
        self.env: dict[str, str] = {}
        self.given: dict[str, dict[str, Any]] = {}
        """What one agent's credentials are, instead of those of all."""
        self.rig_git: dict[str, dict[str, Any]] = {}
        self.renewed: dict[str, str] = {}
        """By rig: what the platform's git is shown, and what it is given for one that failed, instead of `other`."""
        self.stop: list[dict[str, Any]] = []
        self.superseded = self.drain = self.forgetful = False
        self.broken: dict[str, int] = {}
        """Calls by the end of their path, and how many of them are still answered with 503."""
        self.conversation, self.lagging, self.url, self.kept = "", 0, "", {}
        self.registry: list[dict[str, Any]] = []
        self.mayor: dict[str, Any] = {"agentId": None}
        self.expired: set[str] = set()
        self.live_url: str | None = None

    def want(self, command: dict[str, Any]) -> None:
        """Hand this command out from the next heartbeat on, until it is answered."""
        with self.lock:
            self.commands.append(command)

    def await_(self, seen: Any, *, seconds: float = 60) -> Any:
        """Wait until `seen()` is true and return it; fails the test otherwise."""
        with self.lock:
            if not self.lock.wait_for(seen, seconds):
                raise AssertionError(f"not seen within {seconds} s; heard: {[h[:2] for h in self.heard][-20:]}")
            return seen()

    def ack_of(self, command_id: str) -> dict[str, Any]:
        """The first answer to this command."""
        return dict(self.await_(lambda: self.acks.get(command_id))[0])

    def report_of(self, command_id: str) -> dict[str, Any]:
        """The outcome of this command."""
        return dict(self.await_(lambda: self.reports.get(command_id)))

    def call_of(self, path: str) -> dict[str, Any]:
        """The body of the first call whose path ends so."""
        return dict(self.await_(lambda: [b for _, p, b in self.heard if p.endswith(path)])[0])

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and envelope for one call."""
        with self.lock:
            self.heard.append((method, path, body))
            try:
                if token in self.expired and not path.endswith("refresh-container-token"):
                    return 401, {"success": False, "error": "Token expired"}
                if self.broken.get(last := f"/{path.rsplit('/', 1)[-1]}"):
                    self.broken[last] -= 1
                    return 503, {"success": False, "error": "try again"}
                status, data = self._answer(path, body)
                return status, {"success": status < 400, "data": data} if status < 400 else data
            finally:
                self.lock.notify_all()

    def _answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path.endswith("/container/register"):
            right = body["code"] == BOOT_CODE
            refusal = {"success": False, "error": "wrong code"}
            return (200, {"token": FIRST_TOKEN, "live_url": self.live_url}) if right else (401, refusal)
        if path.endswith("refresh-container-token"):
            return 200, {"token": SECOND_TOKEN}
        if path.endswith("/container-registry"):
            return 200, self.registry
        if path.endswith("/mayor-id"):
            return 200, self.mayor
        if path.endswith("/container/heartbeat"):
            self.beats.append(body)
            known = {"drain": self.drain, "superseded": self.superseded, "stop": list(self.stop)}
            return 200, known | {"commands": list(self.commands)}
        if found := re.search(r"/container/commands/([^/]+)/(ack|report)$", path):
            return self._answered(found[1], found[2], body)
        return self._agents(path, body)

    def _answered(self, command_id: str, kind: str, body: dict[str, Any]) -> tuple[int, Any]:
        if kind == "ack":
            self.acks.setdefault(command_id, []).append(body)
        else:
            self.reports[command_id] = body
        merging = any(c["id"] == command_id and c["kind"] == "merge" for c in self.commands)
        if not self.forgetful and not (kind == "ack" and merging and body["outcome"] == "accepted"):
            self.commands = [c for c in self.commands if c["id"] != command_id]
        return 200, {}

    def _agents(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if found := re.search(r"/container/agents/([^/]+)/credentials$", path):
            if self.lagging:
                self.lagging -= 1
                return 409, {"success": False, "error": "stale dispatch"}
            known = {"agent_token": f"token-of-{found[1]}", "git": self.git, "env": self.env}
            known |= {"model": self.model} if self.model else {}
            return 200, known | self.given.get(found[1], {})
        if found := re.search(r"/rigs/([^/]+)/(credentials|refresh-git-token)$", path):
            return self._of_rig(found[1], found[2])
        if found := re.search(r"/agents/([^/]+)/prime$", path):
            return 200, self.prime.get(found[1], {"hooked_bead": {"title": "Nothing", "body": ""}})
        if path.endswith("/conversation"):
            return 200, {"turns": 1, "block": self.conversation}
        if found := re.search(r"/container/agents/([^/]+)/session-snapshot(?:\?program=(.+))?$", path):
            place = f"/store/{found[1]}/{found[2] or body['program']}"
            there = found[2] is None or place in self.kept
            return 200, {"url": f"{self.url}{place}" if there else None}
        if path.endswith("/beads/unknown"):
            return 404, {"success": False, "error": "no such bead"}
        return 200, {"heard": path.rsplit("/", 1)[-1]}

    def _of_rig(self, rig_id: str, kind: str) -> tuple[int, Any]:
        if kind == "credentials":
            return 200, {"git": self.rig_git.get(rig_id, self.git)}
        token = self.renewed.get(rig_id, self.other)
        other = {"username": "x-access-token", "token": token, "expires_at": None}
        return (200, other) if token else (404, {"success": False, "error": "no other token"})


def whole_body(request: BaseHTTPRequestHandler) -> bytes:
    """The body. Raises `ConnectionError`: the container has ended in the middle of it, and so has said nothing."""
    length = int(request.headers.get("Content-Length") or 0)
    if len(data := request.rfile.read(length)) < length:
        raise ConnectionError("the container hung up")
    return data


@contextmanager
def open_door() -> Iterator[Door]:
    """Serve a door on a free port of 127.0.0.1."""
    door = Door()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            data = whole_body(self)
            with door.lock:
                door.kept[self.path] = data
                door.lock.notify_all()
            self._send(200, b"")

        def do_GET(self) -> None:
            if not self.path.startswith("/store/"):
                self._reply()
                return
            with door.lock:
                data = door.kept.get(self.path)
            self._send(404 if data is None else 200, data or b"")

        def _reply(self) -> None:
            body = json.loads(whole_body(self) or b"null") or {}
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            status, answer = door.answer(self.command, self.path, token, body)
            self._send(status, json.dumps(answer).encode())

        def _send(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = _reply  # noqa: N815 the name http.server asks for

        def log_message(self, *_: Any) -> None:
            """Keep test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    door.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
