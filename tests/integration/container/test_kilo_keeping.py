"""When a served session's database is kept and brought back, with a program that serves as little as it has to."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gastown.container.payloads import ModelAccess
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.kilo import KiloRuntime
from gastown.container.runtimes.runtime import Launch
from gastown.container.runtimes.serve_process import Program, ServeProcess
from gastown.container.runtimes.session_keeper import Restored, SessionDatabase

PATIENCE = 60.0
SERVER = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

database = Path(os.environ["HOME"], ".local/share/opencode/opencode.db")
known = database.read_text() if database.exists() else ""
if known == "fatal":
    sys.exit("database is newer")
database.parent.mkdir(parents=True, exist_ok=True)
database.write_text(known or "fresh")

class Handler(BaseHTTPRequestHandler):
    def answer(self, status, data, kind="application/json"):
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)) if kind == "application/json" else "1000000")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/event":
            self.answer(200, b'data: {"type": "server.connected"}\\n\\n', "text/event-stream")
            self.wfile.flush()
            self.rfile.read(1)
        else:
            found = [{"id": "ses_" + known, "directory": os.getcwd()}] if known not in ("", "strange") else []
            self.answer(200, {} if "health" in self.path else found)

    def do_POST(self):
        if known == "strange":
            self.answer(500, {"error": "no such column"})
        else:
            self.answer(200, {"id": "ses_new"})

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@dataclass
class NotedKeeper:
    """Brings this text as the database, if any, but not the first times; `hold` keeps each copy waiting."""

    brings: str = ""
    away: int = 0
    kept: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    began: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    hold: asyncio.Event | None = None

    async def restore(self, database: SessionDatabase) -> Restored:
        """Write the text, unless it was of no use."""
        if self.away:
            self.away -= 1
            return Restored.NOT_NOW
        if not self.brings or self.given_up:
            return Restored.NOTHING
        database.path.parent.mkdir(parents=True, exist_ok=True)
        database.path.write_text(self.brings)
        return Restored.DONE

    async def keep(self, database: SessionDatabase) -> None:
        """Note what is there."""
        self.began.release()
        if self.hold is not None:
            await self.hold.wait()
        self.kept.append(database.path.read_text())

    def give_up(self, database: SessionDatabase, reason: str) -> None:
        """Note why."""
        self.given_up.append(reason)


def a_launch(tmp_path: Path, *, resume: bool = True) -> Launch:
    """A mayor's launch, without words."""
    for name in ("home", "mayor"):
        (tmp_path / name).mkdir(exist_ok=True)
    return Launch(
        folder=tmp_path / "mayor",
        agent_id="mayor",
        role="mayor",
        environment={"HOME": str(tmp_path / "home")},
        log=tmp_path / "mayor.log",
        model="big",
        access=ModelAccess(token=SecretStr("key"), url="http://127.0.0.1:9"),
        resume=resume,
    )


def with_runtime(tmp_path: Path, keeper: NotedKeeper, work: Callable[[KiloRuntime], Awaitable[Any]]) -> Any:
    """Do something with a runtime over the small program."""
    script = tmp_path / "serve.py"
    script.write_text(SERVER)
    program = Program(name="opencode", command=(sys.executable, str(script)))
    runtime = KiloRuntime(program=program, tools=("true",), tools_path="", draining=lambda: False, keeper=keeper)

    async def run() -> Any:
        try:
            return await work(runtime)
        finally:
            await runtime.close()

    return asyncio.run(asyncio.wait_for(run(), PATIENCE))


def database(tmp_path: Path) -> str:
    """What the program's database says."""
    return (tmp_path / "home/.local/share/opencode/opencode.db").read_text()


def test_what_was_kept_is_there_before_the_warm_server_starts(tmp_path: Path) -> None:
    """A server that began without it would have a database of its own by the time of the real start."""
    keeper = NotedKeeper(brings="before")

    with_runtime(tmp_path, keeper, lambda runtime: runtime.warm(a_launch(tmp_path)))

    assert (database(tmp_path), keeper.given_up) == ("before", [])


@pytest.mark.parametrize(("model", "replaced"), [("big", False), ("bigger", True)])
def test_a_start_with_another_model_replaces_the_warm_server(tmp_path: Path, model: str, *, replaced: bool) -> None:
    """The settings were changed in between (REQ-1.15); else one server does for both."""

    async def warm_and_start(runtime: KiloRuntime) -> tuple[ServeProcess, ServeProcess]:
        launch = a_launch(tmp_path)
        await runtime.warm(launch)
        warm = runtime._servers[launch.folder]
        session = await runtime.start(replace(launch, model=model))
        used = runtime._servers[launch.folder]
        assert used.is_for(used._wanted)
        assert warm.is_for(warm._wanted) is not replaced
        await session.stop(grace=1)
        return warm, used

    warm, used = with_runtime(tmp_path, NotedKeeper(), warm_and_start)

    assert (warm is not used) == replaced


def test_a_warm_server_is_done_without_rather_than_without_memory(tmp_path: Path) -> None:
    """The store cannot be reached while the container comes up; by the time of the real start it can."""
    keeper = NotedKeeper(brings="before", away=1)

    async def warm_and_start(runtime: KiloRuntime) -> None:
        with pytest.raises(RefusedError, match="cannot be had now"):
            await runtime.warm(a_launch(tmp_path))
        await (await runtime.start(a_launch(tmp_path))).stop(grace=1)

    with_runtime(tmp_path, keeper, warm_and_start)

    assert database(tmp_path) == "before"


def test_a_start_goes_on_without_what_cannot_be_had(tmp_path: Path) -> None:
    """Somebody waits for this mayor."""
    keeper = NotedKeeper(brings="before", away=2)

    async def start(runtime: KiloRuntime) -> None:
        await (await runtime.start(a_launch(tmp_path))).stop(grace=1)

    with_runtime(tmp_path, keeper, start)

    assert database(tmp_path) == "fresh"


def test_who_begins_a_new_session_is_brought_nothing(tmp_path: Path) -> None:
    """Only the mayor goes on in what a container before this one remembered."""
    with_runtime(tmp_path, NotedKeeper(brings="before"), lambda runtime: runtime.warm(a_launch(tmp_path, resume=False)))

    assert database(tmp_path) == "fresh"


@pytest.mark.parametrize("what", ["fatal", "strange"])
def test_a_program_that_cannot_use_it_begins_anew(tmp_path: Path, what: str) -> None:
    """Whether it dies of it or opens no session with it; why is told, and the start goes on."""
    keeper = NotedKeeper(brings=what)
    launch = a_launch(tmp_path)

    async def start(runtime: KiloRuntime) -> None:
        session = await runtime.start(launch)
        await session.stop(grace=1)

    with_runtime(tmp_path, keeper, start)

    assert (database(tmp_path), keeper.kept) == ("fresh", ["fresh"])
    (reason,) = keeper.given_up
    assert {"fatal": "database is newer", "strange": "no such column"}[what] in reason


def test_a_program_that_does_not_start_at_all_is_refused(tmp_path: Path) -> None:
    """What was not brought cannot be the reason; nothing is thrown away."""
    keeper = NotedKeeper()
    path = tmp_path / "home/.local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    path.write_text("fatal")

    with pytest.raises(RefusedError, match="database is newer"):
        with_runtime(tmp_path, keeper, lambda runtime: runtime.start(a_launch(tmp_path)))

    assert (database(tmp_path), keeper.given_up) == ("fatal", [])


def test_copies_that_are_asked_for_meanwhile_are_one(tmp_path: Path) -> None:
    """One at a time; whoever asks during one gets one more, which has all of it, and that is the last."""
    keeper = NotedKeeper(brings="one")
    launch = a_launch(tmp_path)

    async def story(runtime: KiloRuntime) -> None:
        await runtime.warm(launch)
        keeper.hold = asyncio.Event()
        runtime.remember(launch)
        await keeper.began.acquire()
        (tmp_path / "home/.local/share/opencode/opencode.db").write_text("two")
        for _ in range(5):
            runtime.remember(launch)
        keeper.hold.set()
        await keeper.began.acquire()
        await runtime._keeping[launch.agent_id]

    with_runtime(tmp_path, keeper, story)

    assert keeper.kept == ["two", "two"]
