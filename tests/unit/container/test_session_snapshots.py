"""What sessions remember goes out and comes back by addresses; what fails is told, and nothing waits for long."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gastown.container.runtimes.session_keeper import Restored, SessionDatabase
from gastown.container.session_snapshots import TRIES, SnapshotKeeper
from gastown.container.settings import read_settings
from gastown.container.town_client import TownClient

PATIENCE = 60.0


@dataclass
class Store:
    """The town and the store behind it; `trouble` answers in their place as long as it has something to say."""

    kept: dict[str, bytes] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    trouble: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
    silent: bool = False

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """One call to either."""
        self.calls.append((request.method, request.url.host))
        data = await request.aread()
        if self.silent:
            await asyncio.Event().wait()
        if (answer := self.trouble(request)) is not None:
            return answer
        if request.url.host == "town.test":
            return self._address(request, data)
        name = request.url.path
        if request.method == "PUT":
            assert (int(request.headers["content-length"]), "authorization" in request.headers) == (len(data), False)
            self.kept[name] = data
            return httpx.Response(200)
        found = self.kept.get(name)
        return httpx.Response(404) if found is None else httpx.Response(200, stream=httpx.ByteStream(found))

    def _address(self, request: httpx.Request, data: bytes) -> httpx.Response:
        agent = request.url.path.split("/")[-2]
        asked = json.loads(data) if data else dict(request.url.params)
        name = f"/{agent}/{asked['program']}"
        there = request.method == "POST" or name in self.kept
        return httpx.Response(200, json={"success": True, "data": {"url": f"http://s3.test{name}" if there else None}})

    def count(self, method: str, host: str = "s3.test") -> int:
        """How often it was called so."""
        return self.calls.count((method, host))


@dataclass
class Desk:
    """A keeper over a store, with a limit in seconds, and the steps that it told."""

    store: Store = field(default_factory=Store)
    steps: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    limit: float = PATIENCE
    keeper: SnapshotKeeper = field(init=False)

    def __post_init__(self) -> None:
        transport = httpx.MockTransport(self.store)
        boot = {"API_URL": "http://town.test", "TOWN_ID": "town-1", "GENERATION": "1", "BOOT_CODE": "code"}
        settings = read_settings({f"GASTOWN_{name}": value for name, value in boot.items()})
        client = TownClient(settings, transport=transport)
        client.token = SecretStr("container-token")
        self.keeper = SnapshotKeeper(client=client, step=self._note, transport=transport, limit=self.limit)

    def _note(self, name: str, **facts: object) -> None:
        self.steps.append((name, facts))

    def keep(self, database: SessionDatabase) -> None:
        """Keep it."""
        asyncio.run(self.keeper.keep(database))

    def restore(self, database: SessionDatabase) -> Restored:
        """Bring it."""
        return asyncio.run(self.keeper.restore(database))

    def names(self) -> list[str]:
        """What was told, by name."""
        return [name for name, _ in self.steps]


@pytest.fixture
def desk() -> Desk:
    """A keeper with time enough."""
    return Desk()


def a_database(folder: Path, agent_id: str = "mayor") -> SessionDatabase:
    """Where an agent's database is, or is to be."""
    return SessionDatabase(agent_id=agent_id, program="opencode", path=folder / "opencode" / "opencode.db")


def remember(database: SessionDatabase, text: str) -> None:
    """Add a row, by a program that leaves it in the log."""
    database.path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(database.path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE IF NOT EXISTS message (text TEXT)")
        writer.execute("INSERT INTO message VALUES (?)", (text,))
        writer.commit()


def remembered(database: SessionDatabase) -> list[str]:
    """All rows."""
    with closing(sqlite3.connect(database.path)) as reader:
        return [text for (text,) in reader.execute("SELECT text FROM message")]


def test_a_new_container_has_what_the_one_before_kept(desk: Desk, tmp_path: Path) -> None:
    """The newest copy, in its place, told with the time that it took."""
    old, new = a_database(tmp_path / "old"), a_database(tmp_path / "new")
    old.path.parent.mkdir(parents=True)
    for text in ("one", "two"):
        remember(old, text)
        desk.keep(old)

    assert desk.restore(new) is Restored.DONE

    assert remembered(new) == ["one", "two"]
    assert desk.names() == ["session.restored"]
    assert {"agentId", "durationMs"} == set(desk.steps[0][1])


def test_what_did_not_change_is_not_sent_again(desk: Desk, tmp_path: Path) -> None:
    """One copy at each end of a turn, if the turn left anything."""
    database = a_database(tmp_path)
    remember(database, "one")
    desk.keep(database)
    desk.keep(database)
    assert desk.store.count("PUT") == 1

    remember(database, "two")
    desk.keep(database)
    assert desk.store.count("PUT") == 2


def test_who_was_never_kept_begins_anew(desk: Desk, tmp_path: Path) -> None:
    """Which is no fault; and who has no database yet keeps none."""
    database = a_database(tmp_path)

    assert desk.restore(database) is Restored.NOTHING
    desk.keep(database)

    assert (desk.steps, desk.store.count("PUT"), database.path.exists()) == ([], 0, False)


def test_a_damaged_copy_is_told_and_not_used(desk: Desk, tmp_path: Path) -> None:
    """The agent begins anew; another try would bring the same."""
    desk.store.kept["/mayor/opencode"] = b"what is this?"
    database = a_database(tmp_path)

    assert desk.restore(database) is Restored.NOTHING

    ((name, facts),) = desk.steps
    assert (name, facts["agentId"]) == ("session.not_restored", "mayor")
    assert "damaged" in facts["reason"]
    assert (desk.store.count("GET"), database.path.exists()) == (1, False)


def test_a_copy_that_is_too_large_is_told_and_not_used(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither fetched to its end nor sent."""
    database = a_database(tmp_path / "old")
    database.path.parent.mkdir(parents=True)
    remember(database, "one")
    desk.keep(database)
    monkeypatch.setattr("gastown.container.session_snapshots.MAX_SNAPSHOT_BYTES", 100)
    remember(database, "two")

    desk.keep(database)
    assert desk.restore(a_database(tmp_path / "new")) is Restored.NOTHING

    assert desk.names() == ["session.not_kept", "session.not_restored"]
    assert all("larger than 100 bytes" in facts["reason"] for _, facts in desk.steps)
    assert desk.store.count("PUT") == 1


def test_a_database_that_is_no_good_does_not_replace_a_copy(desk: Desk, tmp_path: Path) -> None:
    """What is kept already is better."""
    database = a_database(tmp_path)
    remember(database, "one")
    desk.keep(database)
    before = dict(desk.store.kept)
    database.path.write_bytes(b"what is this?" * 1000)

    desk.keep(database)

    assert (desk.names(), desk.store.kept) == (["session.not_kept"], before)


def test_a_store_that_fails_is_asked_again_with_a_fresh_address(desk: Desk, tmp_path: Path) -> None:
    """An address may have run out, a connection may have broken."""
    answers: list[httpx.Response | None] = [None, httpx.Response(403), None, httpx.Response(500)]
    desk.store.trouble = lambda _: answers.pop(0) if answers else None
    database = a_database(tmp_path)
    remember(database, "one")

    desk.keep(database)

    assert (desk.steps, len(desk.store.kept)) == ([], 1)
    assert (desk.store.count("PUT"), desk.store.count("POST", "town.test")) == (3, 3)


def test_a_store_that_goes_on_failing_is_told_without_its_address(desk: Desk, tmp_path: Path) -> None:
    """Tried a few times; who knows an address may use it, so it stands in no event."""

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if request.url.host == "s3.test":
            raise httpx.ConnectError(f"cannot reach {request.url}")
        return None

    desk.store.trouble = refuse
    database = a_database(tmp_path)
    remember(database, "one")

    desk.keep(database)

    ((name, facts),) = desk.steps
    assert (name, desk.store.count("PUT")) == ("session.not_kept", TRIES)
    assert "s3.test" not in facts["reason"]


def test_a_town_that_has_a_newer_container_is_not_asked_again(desk: Desk, tmp_path: Path) -> None:
    """It says so, and that is the end of it."""
    refusal = {"success": False, "error": "stale dispatch: generation 1 is superseded"}
    desk.store.trouble = lambda _: httpx.Response(409, json=refusal)
    database = a_database(tmp_path)
    remember(database, "one")

    desk.keep(database)
    assert desk.restore(a_database(tmp_path / "new")) is Restored.NOTHING

    assert desk.names() == ["session.not_kept", "session.not_restored"]
    assert len(desk.store.calls) == 2


def test_nobody_waits_longer_than_the_limit(tmp_path: Path) -> None:
    """A store that never answers costs the limit and no more, and the start goes on without."""
    desk = Desk(store=Store(silent=True), limit=0.5)
    database = a_database(tmp_path)
    remember(database, "one")

    desk.keep(database)
    assert desk.restore(a_database(tmp_path / "new")) is Restored.NOT_NOW

    assert desk.names() == ["session.not_kept", "session.not_restored"]


def test_what_was_of_no_use_is_not_brought_again(desk: Desk, tmp_path: Path) -> None:
    """An agent program that cannot read it begins anew, says why, and keeps what it then remembers."""
    old, new = a_database(tmp_path / "old"), a_database(tmp_path / "new")
    old.path.parent.mkdir(parents=True)
    remember(old, "one")
    desk.keep(old)
    assert desk.restore(new) is Restored.DONE

    new.remove()
    desk.keeper.give_up(new, "no such column")

    assert desk.restore(new) is Restored.NOTHING
    assert desk.steps[1:] == [("session.not_restored", {"agentId": "mayor", "reason": "no such column"})]
    remember(new, "anew")
    desk.keep(new)
    assert desk.store.count("PUT") == 2
