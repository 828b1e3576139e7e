"""Towns that live: the real `agents` door, rules and moves over fakes in memory, spoken to over HTTP, ticking at once.

Time stands still, so nothing is lost for being late; what waits for a backoff is let go by `go_on`.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

from gastown.api.app import handle_agents
from gastown.domain.bead import Bead
from gastown.domain.container import ContainerState
from gastown.domain.housing import drain_container, stop_container
from gastown.domain.ids import BeadId, Moment, RigId, TownId
from gastown.domain.rig import Rig
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Entity, Town
from gastown.usecases import tokens
from gastown.usecases.history import find_bead
from tests.support.stage import SIGNING_SECRET, Stage

T = TypeVar("T")
RIG_ID = RigId("rig-1")
Trap = Callable[[], None]


@dataclass(kw_only=True)
class LivingTowns:
    """All towns of one test session behind one address."""

    stage: Stage
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    traps: defaultdict[tuple[str, str, str], list[Trap]] = field(default_factory=lambda: defaultdict(list))

    def found(self, town_id: str, git_url: str) -> "LivingTown":
        """A new town with one rig."""
        with self.lock:
            self.stage.add_row(town_id, "active")
            self.stage.store.add_table(town_id)
            self.stage.uow.found(town_id, "Town", "user-1")
        town = LivingTown(id=town_id, towns=self)

        def add_rig(one: Town, moment: Moment) -> None:
            one.rigs[RIG_ID] = Rig(id=RIG_ID, name="rig", git_url=git_url, default_branch="main", created_at=moment.now)

        town.change(add_rig)
        return town

    def answer(self, method: str, path: str, headers: dict[str, str], body: str) -> tuple[int, str]:
        """Handle one request as the deployed door does, then let the towns that were woken tick."""
        town_id, last = path.split("/")[3], path.rsplit("/", 1)[-1]
        if self._spring(town_id, last, "before"):
            return 503, ""
        event = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers,
            "body": body or None,
            "isBase64Encoded": False,
            "requestContext": {"requestId": "r-1", "stage": "$default", "http": {"method": method, "path": path}},
        }
        with self.lock:
            answer = handle_agents(event, None)
            self.tick()
        self._spring(town_id, last, "after")
        return answer["statusCode"], answer["body"]

    def _spring(self, town_id: str, last: str, when: str) -> bool:
        """Whether somebody waited for this; a request that was caught before it was handled goes unheard."""
        traps = self.traps.pop((town_id, last, when), [])
        for trap in traps:
            trap()
        return bool(traps)

    def tick(self) -> None:
        """Tick every town that was woken."""
        wakes = self.stage.wake_queue.wakes
        while wakes:
            woken = {wake.town_id for wake in wakes}
            wakes.clear()
            for town_id in woken:
                self.stage.reconciler.tick(town_id)


@dataclass(frozen=True, kw_only=True)
class LivingTown:
    """One of them."""

    id: str
    towns: LivingTowns

    @property
    def state(self) -> Town:
        """The town as it is stored."""
        with self.towns.lock:
            return self.towns.stage.uow.load(self.id).town

    def change(self, move: Callable[[Town, Moment], T]) -> T:
        """Make a move, commit it and tick."""
        with self.towns.lock:
            result = self.towns.stage.uow.change(self.id, move, actor="test", cause="test")
            self.towns.tick()
            return result

    def sling(self, title: str) -> BeadId:
        """One bead; its id."""
        return self.change(lambda town, moment: sling_bead(town, RIG_ID, Task(title=title), "user-1", moment)).id

    def bead(self, bead_id: BeadId) -> Bead:
        """A bead, live or ended."""
        with self.towns.lock:
            found: Entity = find_bead(self.towns.stage.uow, self.id, bead_id)[0]
        assert isinstance(found, Bead)
        return found

    def boot(self) -> dict[str, str]:
        """What the container that the town asks for now is started with."""
        container = self.state.container
        assert container.state is ContainerState.CLAIMED, container
        code = tokens.boot_code(SIGNING_SECRET, TownId(self.id), container.generation)
        return {"GASTOWN_GENERATION": str(container.generation), "GASTOWN_BOOT_CODE": code}

    def drain(self) -> None:
        """Begin a planned stop."""
        self.change(drain_container)

    def trap(self, last: str, when: str, spring: Trap) -> None:
        """Call this once, before or after a request whose path ends so is handled."""
        self.towns.traps[self.id, last, when].append(spring)

    def go_on(self) -> None:
        """The task is gone, and every wait is over: the town asks for its next container."""
        generation = self.state.container.generation
        self.change(lambda town, moment: stop_container(town, generation, "killed", moment))
        self.change(_forget_waits)


def _forget_waits(town: Town, _moment: Moment) -> None:
    town.container.not_before = None
    for bead in town.beads.values():
        bead.not_before = None
    for review in town.reviews.values():
        review.not_before = None


@contextmanager
def open_towns() -> Iterator[LivingTowns]:
    """Serve living towns on a free port of 127.0.0.1."""
    stage = Stage()
    towns = LivingTowns(stage=stage)

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = towns.answer(self.command, self.path, headers, self.rfile.read(length).decode())
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _reply  # noqa: N815 - the names http.server asks for

        def log_message(self, *_: Any) -> None:
            """Keep test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    towns.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with stage.open():
            yield towns
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
