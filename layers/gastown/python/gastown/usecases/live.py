"""A container's doorbell: which connection rings it.

The connection carries no state, so losing it loses nothing: ringing one that is gone does nothing, the container
connects again and takes its place, and its heartbeats bring everything meanwhile.
"""

from collections.abc import Sequence

from gastown.domain.container import ContainerState
from gastown.domain.errors import Forbidden, StaleDispatch, Unauthorized
from gastown.domain.ids import Moment
from gastown.domain.town import Town
from gastown.usecases.tokens import ContainerClaims, verify
from gastown.usecases.unit_of_work import UnitOfWork

SCHEME = "bearer"


def connect(uow: UnitOfWork, secrets: Sequence[str], authorization: str, connection_id: str) -> ContainerClaims:
    """Ring this connection from now on. Raises `Unauthorized`, `Forbidden`, `StaleDispatch`, `NotFound`."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != SCHEME or not token:
        raise Unauthorized("A container shows its token in the header Authorization")
    claims = verify(token.strip(), secrets, now=uow.now())
    if not isinstance(claims, ContainerClaims):
        raise Forbidden("Only containers have a doorbell")
    uow.change(
        claims.town_id,
        lambda town, moment: hang_doorbell(town, claims.generation, connection_id, moment),
        actor=f"container/{claims.generation}",
        cause="doorbell_connected",
        wakes=False,
    )
    return claims


def hang_doorbell(town: Town, generation: int, connection_id: str, _moment: Moment) -> None:
    """Note the connection of the current generation. Raises `StaleDispatch` for any other."""
    container = town.container
    if container.generation != generation or container.state is ContainerState.NONE:
        raise StaleDispatch(f"generation {generation} is superseded by {container.generation}")
    container.connection_id = connection_id
