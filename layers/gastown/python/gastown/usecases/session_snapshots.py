"""Where a container leaves and finds the memory of an agent's sessions; it gets addresses, and no rights in AWS."""

from gastown.ports.session_snapshots import Remembered, SessionSnapshots
from gastown.usecases.agent_events import check_sender
from gastown.usecases.tokens import ContainerClaims
from gastown.usecases.unit_of_work import UnitOfWork


def address_to_read(
    work: UnitOfWork, snapshots: SessionSnapshots, claims: ContainerClaims, agent_id: str, program: str
) -> str | None:
    """Where the newest copy is, none if there is none. Raises `StaleDispatch`, `NotFound`, `Unavailable`."""
    check_sender(work, claims, agent_id, 0)
    return snapshots.address_to_read(Remembered(town_id=claims.town_id, agent_id=agent_id, program=program))


def address_to_write(
    work: UnitOfWork, snapshots: SessionSnapshots, claims: ContainerClaims, agent_id: str, program: str, *, size: int
) -> str:
    """Where `size` bytes can be left. Raises `StaleDispatch`, `NotFound`, `Unavailable`."""
    check_sender(work, claims, agent_id, 0)
    whose = Remembered(town_id=claims.town_id, agent_id=agent_id, program=program)
    return snapshots.address_to_write(whose, generation=claims.generation, size=size)
