"""A town's life cycle: creating → active, deleting → gone. Every step may be repeated from the start."""

from collections.abc import Callable
from dataclasses import dataclass

from gastown.domain.errors import NotFound, Unavailable
from gastown.ports.alarm import Alarm
from gastown.ports.container_runtime import ContainerRuntime, started_by
from gastown.ports.directory import TownRow
from gastown.ports.secrets import Secrets
from gastown.ports.session_snapshots import SessionSnapshots
from gastown.ports.town_tables import TableState, TownTables
from gastown.usecases.unit_of_work import UnitOfWork

POLLS = 180
POLL_SECONDS = 0.5
"""A table is looked at this often and this far apart: 90 s in all, below the function's 120 s."""


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What a town stands on; `retains_tables` keeps a deleted town's table, `town_secrets` starts its secret's name."""

    uow: UnitOfWork
    tables: TownTables
    runtime: ContainerRuntime
    alarm: Alarm
    secrets: Secrets
    snapshots: SessionSnapshots
    town_secrets: str
    retains_tables: bool
    sleep: Callable[[float], None]


def advance_town(grounds: Grounds, town_id: str) -> str:
    """Bring a town to the end of its step; its state then, or gone. Raises `Unavailable` if that takes too long."""
    directory = grounds.uow.directory
    while (row := directory.get_town(town_id)) is not None:
        if row.state == "creating":
            _create(grounds, row)
        elif row.state == "deleting":
            _delete(grounds, row)
        else:
            return row.state
    return "gone"


def _create(grounds: Grounds, row: TownRow) -> None:
    uow, tables = grounds.uow, grounds.tables
    tables.create(row.town_id)
    _wait_for(grounds, row.town_id, "active")
    tables.protect(row.town_id)
    uow.found(row.town_id, row.name, row.owner_user_id, row.organization_id)
    uow.directory.set_town_state(row.town_id, {"creating"}, "active", now=uow.now())


def _delete(grounds: Grounds, row: TownRow) -> None:
    _stop_container(grounds, row.town_id)
    grounds.alarm.disarm(row.town_id)
    if grounds.town_secrets:
        grounds.secrets.delete(f"{grounds.town_secrets}{row.town_id}")
    grounds.snapshots.forget_town(row.town_id)
    if not grounds.retains_tables:
        grounds.tables.delete(row.town_id)
        _wait_for(grounds, row.town_id, "absent")
    for rig in grounds.uow.directory.list_rigs(row.town_id):
        grounds.uow.directory.delete_rig(rig.rig_id)
    grounds.uow.directory.delete_town(row.town_id)


def _stop_container(grounds: Grounds, town_id: str) -> None:
    """Stop what runs for the town; without a table, or never founded, it has no container."""
    try:
        if not grounds.uow.store.load(town_id):
            return
        generation = grounds.uow.load(town_id).town.container.generation
    except NotFound:
        return
    for task_arn in grounds.runtime.find(started_by(town_id, generation)):
        grounds.runtime.stop(task_arn, "the town is deleted")


def _wait_for(grounds: Grounds, town_id: str, wanted: TableState) -> None:
    for _ in range(POLLS):
        if grounds.tables.state(town_id) == wanted:
            return
        grounds.sleep(POLL_SECONDS)
    raise Unavailable(f"The table of town {town_id} is not {wanted} yet", retry_after=60)
