"""Eight people do different things to one town at once, 25 times each; on the emulator, over the real store."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import boto3
import pytest

from gastown.adapters.dynamodb.directory import DynamoDirectory
from gastown.adapters.dynamodb.town_store import DynamoTownStore
from gastown.adapters.dynamodb.town_tables import DynamoTownTables
from gastown.adapters.system.clock import SystemClock
from gastown.adapters.system.ids import SystemIds
from gastown.domain.agent import Role
from gastown.domain.errors import Unavailable
from gastown.domain.slinging import ConvoyOrder, Task
from gastown.ports.directory import TownRow
from gastown.usecases import beads, change_config, convoys, messages, rigs, staff
from gastown.usecases.unit_of_work import UnitOfWork
from tests.support.fakes.wake_queue import MemoryWakeQueue

TIMES = 25
BY = "user-1"
Writer = Callable[[int], object]


@pytest.fixture
def town_id() -> str:
    """A town of its own."""
    return f"town-{secrets.token_hex(4)}"


@pytest.fixture
def uow(stack: str, directory: DynamoDirectory, town_id: str) -> UnitOfWork:
    """The one way to a founded town with a rig and a bead."""
    clock, ids = SystemClock(), SystemIds()
    DynamoTownTables(client=lambda: boto3.client("dynamodb"), table_prefix=f"{stack}-town-").create(town_id)
    now: datetime = clock.now()
    row = TownRow(
        town_id=town_id, name="t", owner_user_id=BY, table=f"{stack}-town-{town_id}", state="active",
        created_at=now, updated_at=now,
    )  # fmt: skip
    directory.put_town(row)
    store = DynamoTownStore(table_prefix=f"{stack}-town-", directory_table=f"{stack}-directory")
    work = UnitOfWork(store=store, directory=directory, wake_queue=MemoryWakeQueue(), clock=clock, ids=ids)
    work.found(town_id, "t", BY)
    return work


def writers(uow: UnitOfWork, town_id: str) -> list[Writer]:
    """Eight different operations, each of which leaves something behind that can be counted."""
    rig = rigs.add_rig(uow, _rig(town_id, "first"))
    _, agent = staff.get_or_create(uow, staff.Desk(town_id=town_id, rig_id=rig.id, by=BY), Role.POLECAT)
    order = beads.BeadOrder(town_id=town_id, rig_id=rig.id, by=BY, held=True)
    bead_id = str(beads.sling(uow, order, {"title": "edited"}, None, lambda _: {}).id)
    nudge = messages.NudgeOrder(agent_id=agent.id, message="Hello")
    letter = messages.Letter(recipient=agent.id, subject="News", body="Note")

    def convoy(turn: int) -> object:
        asked = ConvoyOrder(rig_id=rig.id, title=f"c{turn}", tasks=(Task(title="a"),), staged=True, by=BY)
        return convoys.sling(uow, town_id, asked, None, lambda _town, made: {"id": made.id})

    return [
        lambda turn: beads.sling(uow, order, {"title": f"slung {turn}"}, None, lambda _: {}),
        lambda turn: beads.edit(uow, (town_id, rig.id, bead_id), {"labels": ["gt:held", f"turn-{turn}"]}, BY),
        lambda _: messages.nudge(uow, town_id, nudge, BY),
        lambda _: messages.mail(uow, town_id, letter, BY),
        lambda turn: rigs.add_rig(uow, _rig(town_id, f"rig {turn}")),
        lambda turn: change_config.change_config(uow, town_id, {"max_polecats_per_rig": turn + 1}, BY),
        lambda turn: rigs.change_rig(uow, town_id, rig.id, {"max_dispatch_attempts": 1 + turn % 5}, BY),
        convoy,
    ]


def _rig(town_id: str, name: str) -> rigs.RigOrder:
    return rigs.RigOrder(
        town_id=town_id, name=name, git_url="https://git.example/r.git", default_branch="main", owner=BY,
        allow_local=False,
    )  # fmt: skip


def test_eight_writers_of_different_operations_lose_nothing(uow: UnitOfWork, town_id: str) -> None:
    """Whoever loses a race reads again; who is told to come back later does. In the end everything is there, once."""
    doing = writers(uow, town_id)
    before = uow.load(town_id).town.version
    together = Barrier(len(doing))

    def write(do: Writer) -> None:
        together.wait()
        for turn in range(TIMES):
            _until_it_is_done(lambda turn=turn: do(turn))  # type: ignore[misc]

    with ThreadPoolExecutor(len(doing)) as pool:
        list(pool.map(write, doing))

    town = uow.load(town_id).town
    titles = [bead.title for bead in town.beads.values()]
    assert town.version - before == len(doing) * TIMES
    assert sum(title.startswith("slung") for title in titles) == titles.count("a") == len(town.convoys) == TIMES
    assert (len(town.nudges), len(town.mail), len(town.rigs)) == (TIMES, TIMES, TIMES + 1)
    [edited] = [bead for bead in town.beads.values() if bead.title == "edited"]
    assert (f"turn-{TIMES - 1}" in edited.labels, town.config.max_polecats_per_rig) == (True, TIMES)


def _until_it_is_done(do: Callable[[], object]) -> None:
    while True:
        try:
            do()
        except Unavailable:
            continue
        return
