"""Creating, finding and deleting towns; the table work is the life cycle function's."""

from collections.abc import Callable

from gastown.domain.errors import NotFound, Unavailable
from gastown.ports.directory import Directory, TownRow
from gastown.ports.life_cycle import LifeCycle
from gastown.usecases.unit_of_work import UnitOfWork

WAIT_S, LOOK_S = 15.0, 0.25
"""`POST /towns` waits this long for the table and looks this often (design section 2)."""


def create_town(  # noqa: PLR0913 - by keyword only: these are a town's own parts
    uow: UnitOfWork,
    life_cycle: LifeCycle,
    *,
    name: str,
    owner: str,
    table_prefix: str,
    sleep: Callable[[float], None],
    organization_id: str | None = None,
) -> TownRow:
    """Make a town and wait until it is there. Raises `Unavailable` when that takes longer than 15 s."""
    town_id, now = uow.new_id(), uow.now()
    row = TownRow(
        town_id=town_id,
        name=name,
        owner_user_id=owner,
        state="creating",
        table=f"{table_prefix}{town_id}",
        created_at=now,
        updated_at=now,
        organization_id=organization_id,
    )
    uow.directory.put_town(row)
    life_cycle.advance(town_id)
    return _await_active(uow.directory, town_id, sleep)


def _await_active(directory: Directory, town_id: str, sleep: Callable[[float], None]) -> TownRow:
    for _ in range(int(WAIT_S / LOOK_S)):
        row = directory.get_town(town_id)
        if row is not None and row.state == "active":
            return row
        sleep(LOOK_S)
    raise Unavailable(f"Town {town_id} is still being made; ask for it again", retry_after=5)


def delete_town(uow: UnitOfWork, life_cycle: LifeCycle, town_id: str) -> None:
    """Begin to delete a town; its row stays until everything of it is gone. Raises `NotFound`."""
    if not uow.directory.set_town_state(town_id, {"active", "creating", "deleting"}, "deleting", now=uow.now()):
        raise NotFound(f"Town {town_id} not found")
    life_cycle.advance(town_id)
