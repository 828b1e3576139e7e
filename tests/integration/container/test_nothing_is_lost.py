"""A container is killed at every moment that matters, and the next one goes on: what was done is there, and is told.

Each line of the table is a life and what comes after it, against the real door and rules. All lives run side by side.
What may be lost is what was done since the last look: here the looks are fractions of a second apart.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.ids import BeadId
from tests.integration.container.remote import Bare, git, make_bare
from tests.support.living_towns import LivingTown, LivingTowns, open_towns
from tests.support.mortal_container import end_tree

ROOT = Path(__file__).parents[3]
AGENT = ROOT / "tests" / "support" / "patient_agent.sh"
PATIENCE = 120.0
"""Seconds for any one thing to happen: the machine may be busy."""
SIDE_BY_SIDE = 6
NOTHING: tuple[str, ...] = ()
ONE, TWO, OPEN = ("one",), ("one", "two"), ("one", "two", "open.txt")
LAST, ALL = (*OPEN, "last.txt"), ("one", "two", "three")
"""What has to be there: one is pushed, two is committed, `open.txt` is changed and no more, `last.txt` is written at
the polite end, three is committed and pushed."""


@dataclass(frozen=True, kw_only=True)
class Death:
    """Where the container dies. `at` is a function of it, or `door:PATH` for a request; `then` is done to it before."""

    name: str
    at: str
    when: str = "before"
    armed: str = ""
    among: str = ""
    then: str = ""
    least: tuple[str, ...] = NOTHING
    go: bool = False
    """Whether the agent may finish in its first life."""
    accepted: bool = False
    """Whether the town had heard its `done`: nobody works on it again."""
    lives: int = 1
    """How many containers die so, one after the other."""


C = "gastown.container."
START, SAVE, LEAVE = C + "starting:Starting.", C + "saving:Saving.", C + "departure:Departure."
TOWN, MERGE = C + "town_client:TownClient.", C + "merging:Merging."
DEATHS = [
    Death(name="before it registers", at=TOWN + "register"),
    Death(name="once it has registered", at=TOWN + "register", when="after"),
    Death(name="when a start has arrived", at=START + "start"),
    Death(name="before it clones", at=C + "repositories:Repositories.refresh"),
    Death(name="once it has cloned", at=C + "repositories:Repositories.refresh", when="after"),
    Death(name="before the worktree is made", at=C + "worktrees:Worktrees.make"),
    Death(name="once the worktree is made", at=C + "worktrees:Worktrees.make", when="after"),
    Death(name="before the session starts", at=C + "runtimes.command:CommandRuntime.start"),
    Death(name="once the session has started", at=C + "runtimes.command:CommandRuntime.start", when="after"),
    Death(name="before the start is acknowledged", at=TOWN + "acknowledge"),
    Death(name="once the start is acknowledged", at=TOWN + "acknowledge", when="after"),
    Death(name="after a first pushed commit", at=TOWN + "heartbeat", armed="one", least=ONE),
    Death(name="before a commit is saved", at=SAVE + "_push", armed="one", least=ONE),
    Death(name="after a commit was saved", at=TOWN + "heartbeat", armed="two", least=TWO),
    Death(name="with changes nobody has looked at", at=C + "snapshots:Snapshots.take", armed="open", least=TWO),
    Death(name="with a snapshot that is not pushed", at=SAVE + "_push", armed="open", least=TWO),
    Death(name="with a save that is not reported", at=SAVE + "_push", when="after", armed="open", least=OPEN),
    Death(name="with a save that is reported", at=TOWN + "heartbeat", when="after", armed="saved", least=OPEN),
    Death(name="when done is said", at="door:done", go=True, least=ALL),
    Death(name="when done was heard", at="door:done", when="after", go=True, accepted=True),
    Death(name="as a finished run is saved", at=SAVE + "try_save", armed="pushed", go=True, accepted=True),
    Death(name="before an approved merge is pushed", at=MERGE + "_push", go=True, accepted=True),
    Death(name="once a merge is pushed", at=MERGE + "_push", when="after", go=True, accepted=True),
    Death(name="before a merge is reported", at=TOWN + "report", go=True, accepted=True),
    Death(name="once a merge is reported", at=TOWN + "report", when="after", go=True, accepted=True),
    Death(name="as a drain begins", at=LEAVE + "wait_for_agents", then="drain", least=OPEN),
    Death(name="while a drain waits", at=TOWN + "heartbeat", when="after", then="drain", least=OPEN),
    Death(name="on SIGTERM before an agent is frozen", at=LEAVE + "_evict", then="SIGTERM", least=OPEN),
    Death(name="on SIGTERM before the last save", at=SAVE + "_push", armed="last", then="SIGTERM", least=OPEN),
    Death(
        name="on SIGTERM once the last save is pushed",
        at=SAVE + "_push", when="after", armed="last", then="SIGTERM", least=LAST,
    ),
    Death(name="on SIGTERM between save and report", at=TOWN + "complete", then="SIGTERM", least=LAST),
    Death(name="on SIGTERM after the report", at=TOWN + "complete", when="after", then="SIGTERM", least=LAST),
    Death(name="twice, before it goes on", at=C + "worktrees:Worktrees.make", lives=2),
    Death(
        name="twice, the second time as soon as it has gone on",
        at=TOWN + "heartbeat", armed="saved", lives=2, least=OPEN,
    ),
]  # fmt: skip


@dataclass(kw_only=True)
class Story:
    """One line of the table: a town with one bead, its remote, its ledger, and the containers that lived."""

    death: Death
    town: LivingTown
    bare: Bare
    folder: Path
    bead: BeadId = field(init=False)
    ledger: Path = field(init=False)
    reached: int = 0
    found: str = ""
    prompt: str = ""
    seconds: float = 0

    def __post_init__(self) -> None:
        self.ledger = self.folder / "ledger"
        self.ledger.mkdir()
        if self.death.go:
            (self.ledger / "go").touch()
        self.bead = self.town.sling(self.death.name)

    def play(self) -> "Story":
        """Die as often as it says, then live on until the work has landed."""
        began = time.monotonic()
        for life in range(self.death.lives):
            self._die(life)
            self._check_remote()
            self.town.go_on()
        before = {path.name for path in self.ledger.glob("prompt-polecat-*")}
        (self.ledger / "go").touch()
        if not self._has_landed():
            self._survive()
        for path in sorted(self.ledger.glob("prompt-polecat-*")):
            if path.name not in before:
                self.prompt = path.read_text()
                self.found = (self.ledger / path.name.replace("prompt", "found", 1)).read_text()
        self.seconds = time.monotonic() - began
        return self

    def _survive(self) -> None:
        """Live until the work has landed and its refs are swept."""
        survivor = self._start("survivor", {})
        try:
            self._await(self._has_landed)
            self._await(lambda: not git("for-each-ref", "refs/gastown", at=self.bare.path))
        finally:
            end(survivor)

    def _has_landed(self) -> bool:
        return self.town.bead(self.bead).status is BeadStatus.CLOSED

    def _die(self, life: int) -> None:
        death, mark = self.death, self.folder / f"mark-{life}"
        extra: dict[str, str] = {}
        if not death.at.startswith("door:"):
            said = {"at": death.at, "when": death.when, "mark": str(mark), "among": death.among}
            armed = {"armed": str(self.ledger / (death.armed or "asked"))} if death.armed or death.then else {}
            extra = {"MORTAL_AT": json.dumps(said | armed)}
        process = self._start(f"life-{life}", extra)
        if death.at.startswith("door:"):
            self.town.trap(death.at.removeprefix("door:"), death.when, lambda: kill(process, mark))
        try:
            if death.then:
                self._await((self.ledger / "saved").exists)
                (self.ledger / "asked").touch()
                self._ask(process)
            process.wait(PATIENCE)
        finally:
            end(process)
        self.reached += mark.exists()
        for name in ("asked", "saved", "last", "open", "two", "one"):
            (self.ledger / name).unlink(missing_ok=True)

    def _ask(self, process: "subprocess.Popen[bytes]") -> None:
        if self.death.then == "drain":
            self.town.drain()
        else:
            process.send_signal(signal.SIGTERM)

    def _check_remote(self) -> None:
        """Every commit that the agent made and that was looked at is on the remote, before anybody goes on."""
        for name in self.death.least:
            sha = self.ledger / f"sha-{name}"
            if sha.exists():
                refs = git("for-each-ref", "--contains", sha.read_text().strip(), at=self.bare.path)
                assert refs, f"{name} is nowhere on the remote"

    def _start(self, name: str, extra: dict[str, str]) -> "subprocess.Popen[bytes]":
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GASTOWN_API_URL": self.town.towns.url,
            "GASTOWN_TOWN_ID": self.town.id,
            "GASTOWN_AGENT_COMMAND": shlex.join(["/bin/sh", str(AGENT), str(self.ledger)]),
            "GASTOWN_WORKSPACE": str(self.folder / name),
            "GASTOWN_CONTROL_PORT": "0",
            "GASTOWN_HEARTBEAT_SECONDS": "0.3",
            "MORTAL_PACE": "0.3",
            **self.town.boot(),
            **extra,
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.support.mortal_container"],
                env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _await(self, seen: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not seen():
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen: {self.death.name}: {self._last_words()}")
            threading.Event().wait(0.1)

    def _last_words(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("*.log")))


def kill(process: "subprocess.Popen[bytes]", mark: Path) -> None:
    """Kill a container and all it started, from outside."""
    mark.touch()
    end_tree(process.pid)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Leave nothing behind, whatever happened."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, "Future[Story]"]]:
    """The chosen lives, begun side by side and awaited one by one."""
    with open_towns() as towns, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        root = tmp_path_factory.mktemp("lives")
        chosen = {item.name.partition("[")[2].removesuffix("]") for item in request.session.items}
        deaths = [death for death in DEATHS if death.name in chosen]
        yield {death.name: pool.submit(tell, death, towns, root / str(n)) for n, death in enumerate(deaths)}


def tell(death: Death, towns: LivingTowns, folder: Path) -> Story:
    """Found a town for one line of the table and play it."""
    folder.mkdir()
    bare = make_bare(folder)
    town = towns.found(f"01900000-0000-7000-8000-{int(folder.name):012d}", str(bare.path))
    return Story(death=death, town=town, bare=bare, folder=folder).play()


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: death.name)
def test_whatever_was_done_is_gone_on_from(
    stories: dict[str, "Future[Story]"], death: Death, record_property: Callable[[str, object], None]
) -> None:
    """It died there; what had been looked at was on the remote; the next run began with it, was told so, and landed."""
    story = stories[death.name].result()

    assert story.reached == death.lives, "it did not die there"
    found = [name for name in (*LAST, "three") if name in story.found.split()]
    record_property("gone on from", ", ".join(found) or ("landed" if death.accepted else "nothing"))
    assert bool(story.prompt) is not death.accepted
    assert set(death.least) <= set(found)
    assert ("This work was begun by" in story.prompt) is bool(found)
    landed = git("log", "--format=%s", "main", at=story.bare.path).split("\n")
    assert [landed.count(name) for name in ALL] == [1, 1, 1], "the same work is not done twice"
    files = git("ls-tree", "--name-only", "main", at=story.bare.path).split("\n")
    assert {name for name in (*death.least, "open.txt") if name.endswith(".txt")} <= set(files)
