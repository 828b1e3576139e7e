"""Proof of identity: short-lived HS256 tokens of containers and agents, the boot code, tickets for watching a session.

Tokens are signed with the newest version of the signing secret and accepted with any version that is still live, so
the secret can be replaced while containers run. Time is passed in; a token never reads a clock of its own.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from gastown.domain.agent import Agent, Role
from gastown.domain.errors import Unauthorized
from gastown.domain.ids import AgentId, RigId, TownId
from gastown.domain.mayor import Mayor

LIFETIME = timedelta(hours=8)
"""How long a container or agent token is valid (api facts, 2.1)."""

RENEWAL_GRACE = timedelta(hours=24)
"""A container token may still be exchanged for a new one this long after it expired (api facts, section 10, row 8)."""

TICKET_LIFE = timedelta(seconds=60)
"""How long a person has to use a ticket (container facts, 1.5)."""

ALGORITHM = "HS256"
PAYLOAD_REFUSED = "Invalid token payload"
TICKET_SCOPE = "watch-agent"
"""What a ticket is for; a token of any other scope is none."""


class UnknownSignature(Unauthorized):
    """Signed with none of the versions at hand: forged, or with a version that is newer than all of them."""


@dataclass(frozen=True, kw_only=True)
class ContainerClaims:
    """What a container token says: one generation of one town's container."""

    town_id: TownId
    generation: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class AgentClaims:
    """What an agent token says: one dispatch of one agent of one rig."""

    town_id: TownId
    rig_id: RigId
    agent_id: AgentId
    role: str
    dispatch: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class TicketClaims:
    """What a ticket says: this person may watch this agent of this town, once. Good for nothing else."""

    ticket_id: str
    user_id: str
    town_id: TownId
    agent_id: AgentId
    expires_at: datetime


def boot_code(secret: str, town_id: str, generation: int) -> str:
    """The single-use code that one generation's container exchanges for its token."""
    return hmac.new(secret.encode(), f"{town_id}/{generation}".encode(), hashlib.sha256).hexdigest()


def check_boot_code(code: str, secrets: Sequence[str], town_id: str, generation: int) -> bool:
    """Whether `code` belongs to this generation under any live secret; compares in constant time."""
    expected = [boot_code(secret, town_id, generation) for secret in secrets]
    return any([hmac.compare_digest(code.encode(), known.encode()) for known in expected])  # noqa: C419 - no early exit


def mint_container(secrets: Sequence[str], *, town_id: str, generation: int, now: datetime) -> str:
    """A new token for one generation of a town's container."""
    return _mint(secrets, {"scope": "container", "town_id": town_id, "generation": generation}, now)


def mayor_rig(town_id: str) -> RigId:
    """The name that stands for a rig where the mayor has none (town facts, section 3)."""
    return RigId(f"mayor-{town_id}")


def mint_mayor(secrets: Sequence[str], mayor: Mayor, *, town_id: str, now: datetime) -> str:
    """A new token for the present session of the mayor."""
    who = {"scope": "agent", "town_id": town_id, "rig_id": mayor_rig(town_id), "agent_id": mayor.id}
    return _mint(secrets, {**who, "role": Role.MAYOR.value, "dispatch": mayor.dispatch}, now)


def mint_agent(secrets: Sequence[str], agent: Agent, *, town_id: str, dispatch: int, now: datetime) -> str:
    """A new token for one dispatch of an agent."""
    who = {"scope": "agent", "town_id": town_id, "rig_id": agent.rig_id, "agent_id": agent.id}
    return _mint(secrets, {**who, "role": agent.role.value, "dispatch": dispatch}, now)


def mint_ticket(secrets: Sequence[str], ticket: TicketClaims, *, now: datetime) -> str:
    """A ticket that says this."""
    who = {"sub": ticket.user_id, "town_id": ticket.town_id, "agent_id": ticket.agent_id}
    return _mint(secrets, {"scope": TICKET_SCOPE, "jti": ticket.ticket_id, **who}, now, ticket.expires_at)


def _mint(
    secrets: Sequence[str], claims: Mapping[str, object], now: datetime, expires_at: datetime | None = None
) -> str:
    times = {"iat": int(now.timestamp()), "exp": int((expires_at or now + LIFETIME).timestamp())}
    return jwt.encode({**claims, **times}, secrets[0], algorithm=ALGORITHM)


def verify(
    token: str, secrets: Sequence[str], *, now: datetime, grace: timedelta = timedelta(0)
) -> ContainerClaims | AgentClaims:
    """What a token proves at `now`; raises `Unauthorized`. `grace` accepts it that long after its expiry."""
    claims = _read(token, secrets)
    parsed = _parse(claims)
    if now >= parsed.expires_at + grace:
        raise Unauthorized("Token expired")
    return parsed


def verify_ticket(ticket: str, secrets: Sequence[str], *, now: datetime) -> TicketClaims:
    """What a ticket proves at `now`, whether or not it was used. Raises `Unauthorized`, for any other token too."""
    claims = _read(ticket, secrets)
    if claims.get("scope") != TICKET_SCOPE:
        raise Unauthorized(PAYLOAD_REFUSED)
    parsed = TicketClaims(
        ticket_id=_text(claims, "jti"),
        user_id=_text(claims, "sub"),
        town_id=TownId(_text(claims, "town_id")),
        agent_id=AgentId(_text(claims, "agent_id")),
        expires_at=datetime.fromtimestamp(_number(claims, "exp"), UTC),
    )
    if now >= parsed.expires_at:
        raise Unauthorized("Ticket expired")
    return parsed


def _read(token: str, secrets: Sequence[str]) -> Mapping[str, Any]:
    for secret in secrets:
        try:
            return jwt.decode(token, secret, algorithms=[ALGORITHM], options={"verify_exp": False, "verify_iat": False})
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError as refused:
            raise Unauthorized(PAYLOAD_REFUSED) from refused
    raise UnknownSignature("Invalid token signature")


def _parse(claims: Mapping[str, Any]) -> ContainerClaims | AgentClaims:
    town_id, expires_at = TownId(_text(claims, "town_id")), datetime.fromtimestamp(_number(claims, "exp"), UTC)
    match claims.get("scope"):
        case "container":
            generation = _number(claims, "generation")
            return ContainerClaims(town_id=town_id, generation=generation, expires_at=expires_at)
        case "agent":
            return AgentClaims(
                town_id=town_id,
                rig_id=RigId(_text(claims, "rig_id")),
                agent_id=AgentId(_text(claims, "agent_id")),
                role=_text(claims, "role"),
                dispatch=_number(claims, "dispatch"),
                expires_at=expires_at,
            )
        case _:
            raise Unauthorized(PAYLOAD_REFUSED)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise Unauthorized(PAYLOAD_REFUSED)
    return value


def _number(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unauthorized(PAYLOAD_REFUSED)
    return value
