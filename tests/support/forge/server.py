"""The forge itself: one HTTP server on 127.0.0.1 for GitHub's and GitLab's APIs, git over HTTP, and the admin door."""

import contextlib
import http.server
import json
import socket
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.support.forge import (
    admin,
    git_http,
    github,
    github_apps,
    github_commits,
    github_pulls,
    gitlab,
    gitlab_requests,
    journal,
)
from tests.support.forge.exchange import Answer, Request
from tests.support.forge.faults import BEFORE, Fault, Kind, instead, spoiled
from tests.support.forge.steering import Steering
from tests.support.forge.webhooks import Webhooks
from tests.support.forge.world import World

ENDPOINTS = (github_apps, github_commits, github_pulls, gitlab_requests)  # imported so that their endpoints are known
IDLE_SECONDS = 120
POLL_SECONDS = 0.01
HTTP_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Forge:
    """A forge in this process: `with Forge() as forge:`. It listens on `forge.url` until the block ends.

    `world` is its state, `steer` what people, CI and administrators do to it, `webhooks` what it delivers.
    `github_web` and `gitlab_web` stand before the links to pages, its own address unless given.
    """

    def __init__(
        self, place: Path | None = None, *, port: int = 0, github_web: str | None = None, gitlab_web: str | None = None
    ) -> None:
        """Keep repositories below `place` (a folder of its own unless given), listen on `port` (0: any)."""
        self._folder = None if place else tempfile.TemporaryDirectory(prefix="forge-")
        self.world = World(place=place or Path(self._folder.name if self._folder else "."))
        self._server = _Server(("127.0.0.1", port), self)
        self.world.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.world.github_web = (github_web or self.world.url).rstrip("/")
        self.world.gitlab_web = (gitlab_web or self.world.url).rstrip("/")
        self.webhooks = Webhooks(self.world)
        self.steer = Steering(self.world, self.webhooks)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True)

    @property
    def url(self) -> str:
        """The address that it listens on, without a slash at the end; GitLab's API is below `/api/v4`."""
        return self.world.url

    @property
    def journal(self) -> journal.Journal:
        """Every request that it saw."""
        return self.world.journal

    def git_url(self, path: str, user: str = "", token: str = "") -> str:
        """The address to clone a project from, with a user and token if given."""
        host = self.url.removeprefix("http://")
        return f"http://{f'{user}:{token}@' if user else ''}{host}/{path}.git"

    def start(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop listening, end open connections, remove its own folder."""
        self._server.shutdown()
        self._server.server_close()
        self.webhooks.close()
        self._thread.join()
        if self._folder:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        """Begin to listen."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.close()

    def answer(self, request: Request) -> tuple[Answer, Fault | None]:
        """Answer one request, with the fault that was armed for it, and write it down."""
        if request.path.startswith("/_forge"):
            return admin.answer(self.steer, request), None
        world = self.world
        with world.lock:
            entry = journal.entry_of(request, world.now(), len(world.journal.entries) + 1)
            world.journal.entries.append(entry)
            fault = world.faults.take(request)
        if fault and fault.kind == Kind.DELAY:
            time.sleep(fault.seconds or 0)
        given = instead(fault, request, world.now()) if fault and fault.kind in BEFORE else self._perform(request)
        if fault and fault.kind not in BEFORE:
            given = spoiled(fault, given)
        entry.status, entry.fault = given.status, fault.kind.value if fault else None
        entry.cost = int("X-RateLimit-Resource" in given.headers and given.status != 304)
        return given, fault

    def _perform(self, request: Request) -> Answer:
        if git_http.is_git(request):
            return git_http.answer(self.world, request)
        with self.world.lock:
            if request.path.startswith(("/api/v4", "/oauth/")):
                return gitlab.answer(self.world, request)
            return github.answer(self.world, request)


class _Server(http.server.ThreadingHTTPServer):
    """Knows its forge, and its connections, so that it can end those that clients keep open."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], forge: Forge) -> None:
        self.forge = forge
        self.open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    """Reads a request and writes its answer, whole or spoiled."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    wbufsize = -1  # head and body in one packet: else each answer on a kept connection waits for an ACK
    disable_nagle_algorithm = True
    server: _Server

    def handle_any(self) -> None:
        """Answer one request of whatever method."""
        given, fault = self._answered()
        if fault and fault.kind in {Kind.DROP, Kind.LOST}:
            self.close_connection = True
            return
        body = given.body()
        self.send_response(given.status)
        for name, value in given.headers.items():
            self.send_header(name, value)
        if "Content-Type" not in given.headers and body:
            self.send_header("Content-Type", given.kind())
        if given.status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault and fault.kind == Kind.TRUNCATED:
            body, self.close_connection = body[: len(body) // 2], True
        if self.command != "HEAD" and given.status not in {204, 304}:
            self.wfile.write(body)

    def _answered(self) -> tuple[Answer, Fault | None]:
        try:
            return self.server.forge.answer(self._request())
        except (json.JSONDecodeError, UnicodeDecodeError):
            return Answer(status=400, content={"message": "Problems parsing JSON"}), None
        except Exception as error:  # noqa: BLE001 a defect of the forge shows in the answer, not only in a thread
            return Answer(status=500, content={"message": f"forge: {error!r}"}), None

    def _request(self) -> Request:
        target = urlsplit(self.path)
        return Request(
            method=self.command,
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the standard library's own name
        """Say nothing: the journal has it all."""


for _method in HTTP_METHODS:
    setattr(_Handler, f"do_{_method}", _Handler.handle_any)
