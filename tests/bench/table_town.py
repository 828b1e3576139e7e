"""One town on the emulator, with as many finished beads as somebody wants, ticked by the real reconciler."""

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3

from gastown.adapters.dynamodb.connection import shared
from gastown.adapters.dynamodb.directory import DynamoDirectory
from gastown.adapters.dynamodb.town_store import DynamoTownStore
from gastown.adapters.dynamodb.town_tables import DynamoTownTables
from gastown.adapters.system.ids import SystemIds
from gastown.domain.ids import Moment
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Town
from gastown.ports.directory import TownRow
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.unit_of_work import UnitOfWork
from tests.support.fakes.alarm import MemoryAlarm
from tests.support.fakes.clock import FixedClock
from tests.support.fakes.doorbell import MemoryDoorbell
from tests.support.fakes.effects_queue import MemoryEffectsQueue
from tests.support.fakes.wake_queue import MemoryWakeQueue
from tests.support.stage import RIG, TOWN, add_rig

STACK = "bench"
BATCH = 12
"""Finished beads written by one request, which holds at most 25 rows: each has two."""

LIVE = 10
Heard = Callable[..., None]


class TableTown:
    """A town of ten live beads that wait for a person."""

    def __init__(self) -> None:
        """Make the tables and the town."""
        shared.cache_clear()
        client = boto3.client("dynamodb")
        _make_directory(client)
        DynamoTownTables(client=lambda: client, table_prefix=f"{STACK}-town-").create(TOWN)
        clock = FixedClock()
        now, directory = clock.now(), DynamoDirectory(table=f"{STACK}-directory")
        table = f"{STACK}-town-{TOWN}"
        row = TownRow(
            town_id=TOWN, name="T", owner_user_id="user-1", state="active", table=table, created_at=now, updated_at=now
        )
        directory.put_town(row)
        store = DynamoTownStore(table_prefix=f"{STACK}-town-", directory_table=f"{STACK}-directory")
        self.uow = UnitOfWork(
            store=store, directory=directory, wake_queue=MemoryWakeQueue(), clock=clock, ids=SystemIds()
        )
        self.finished, self._local = 0, threading.local()
        self.uow.found(TOWN, "Town", "user-1")
        self._change(add_rig)
        for n in range(LIVE):
            self._sling(Task(title=f"Bead {n}"))
        self.tick()

    def _change(self, move: Callable[[Town, Moment], object]) -> None:
        self.uow.change(TOWN, move, actor="bench", cause="bench")

    def _sling(self, task: Task) -> None:
        self._change(lambda town, moment: sling_bead(town, RIG, task, None, moment, held=True))

    def change_something(self) -> None:
        """Touch a bead, so that the next tick is due."""

        def move(town: Town, moment: Moment) -> None:
            next(iter(town.beads.values())).updated_at = moment.now

        self._change(move)

    def tick(self) -> None:
        """One tick."""
        Reconciler(
            uow=self.uow, effects_queue=MemoryEffectsQueue(), alarm=MemoryAlarm(), doorbell=MemoryDoorbell()
        ).tick(TOWN)

    def finish(self, count: int) -> None:
        """Have at least so many finished beads in the table."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._finish, range(self.finished, count, BATCH)))
        self.finished += math.ceil(max(0, count - self.finished) / BATCH) * BATCH

    def _finish(self, first: int) -> None:
        """Write a batch of them: each by its id, and in its rig's list."""
        if not hasattr(self._local, "client"):
            self._local.client = boto3.session.Session().client("dynamodb")
        line = {"M": {"title": {"S": "A bead that has ended long ago"}, "outcome": {"S": "merged"}}}
        items = [
            {"pk": {"S": pk}, "sk": {"S": sk}, "version": {"N": "0"}, "body": line}
            for n in range(first, first + BATCH)
            for pk, sk in ((f"BEAD#{n:09d}", "FINAL"), (f"DONE#{RIG}", f"{n:09d}"))
        ]
        puts = [{"PutRequest": {"Item": item}} for item in items]
        self._local.client.batch_write_item(RequestItems={f"{STACK}-town-{TOWN}": puts})

    @contextmanager
    def noting(self, sent: Heard, answered: Heard) -> Iterator[None]:
        """Have every request of the shared client told: each one that leaves, repeated ones too, and each answer."""
        events: Any = shared().client.meta.events
        events.register("before-send.dynamodb", sent)
        events.register("after-call.dynamodb", answered)
        try:
            yield
        finally:
            events.unregister("before-send.dynamodb", sent)
            events.unregister("after-call.dynamodb", answered)


def _make_directory(client: Any) -> None:
    keys = ("pk", "sk", "due_shard", "due_at")
    client.create_table(
        TableName=f"{STACK}-directory",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_shard", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
