"""Tokens prove one generation or one dispatch, for eight hours, under any live version of the secret."""

from datetime import timedelta

import jwt
import pytest

from gastown.domain.errors import Unauthorized
from gastown.usecases import tokens
from gastown.usecases.tokens import AgentClaims, ContainerClaims
from tests.support.agent_world import NOW, SECRETS, an_agent_world


def container_token() -> str:
    """A token of generation 3."""
    return tokens.mint_container(SECRETS, town_id="town-1", generation=3, now=NOW)


def test_a_container_token_says_town_and_generation() -> None:
    """What was minted is what is read."""
    claims = tokens.verify(container_token(), SECRETS, now=NOW)

    assert isinstance(claims, ContainerClaims)
    assert (claims.town_id, claims.generation) == ("town-1", 3)


def test_an_agent_token_says_its_dispatch() -> None:
    """Role and dispatch number travel in the token."""
    polecat = an_agent_world().polecat
    token = tokens.mint_agent(SECRETS, polecat, town_id="town-1", dispatch=7, now=NOW)

    claims = tokens.verify(token, SECRETS, now=NOW + timedelta(hours=7))

    assert isinstance(claims, AgentClaims)
    assert (claims.rig_id, claims.agent_id, claims.role, claims.dispatch) == (polecat.rig_id, polecat.id, "polecat", 7)


def test_a_token_expires_after_eight_hours() -> None:
    """Clients wait for exactly this text before they refresh."""
    with pytest.raises(Unauthorized, match=r"^Token expired$"):
        tokens.verify(container_token(), SECRETS, now=NOW + timedelta(hours=8))


def test_grace_accepts_an_expired_token_for_a_while() -> None:
    """A refresh works up to 24 h after expiry and not a second longer."""
    late = NOW + tokens.LIFETIME + tokens.RENEWAL_GRACE
    tokens.verify(container_token(), SECRETS, now=late - timedelta(seconds=1), grace=tokens.RENEWAL_GRACE)

    with pytest.raises(Unauthorized, match="Token expired"):
        tokens.verify(container_token(), SECRETS, now=late, grace=tokens.RENEWAL_GRACE)


def test_a_token_of_the_previous_secret_is_still_accepted() -> None:
    """Replacing the secret does not cut off containers that run."""
    token = tokens.mint_container(SECRETS[1:], town_id="town-1", generation=3, now=NOW)

    assert tokens.verify(token, SECRETS, now=NOW)


def test_a_foreign_signature_is_refused() -> None:
    """A token that nobody here signed proves nothing."""
    token = tokens.mint_container(("another-secret-of-a-sufficient-length-too",), town_id="t", generation=1, now=NOW)

    with pytest.raises(Unauthorized, match=r"^Invalid token signature$"):
        tokens.verify(token, SECRETS, now=NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": "mayor", "town_id": "t", "exp": 9_999_999_999},
        {"scope": "container", "town_id": "t", "generation": "1", "exp": 9_999_999_999},
        {"scope": "container", "town_id": "t", "generation": True, "exp": 9_999_999_999},
        {"scope": "container", "town_id": "", "generation": 1, "exp": 9_999_999_999},
        {"scope": "container", "town_id": "t", "generation": 1},
        {"scope": "agent", "town_id": "t", "rig_id": "r", "agent_id": "a", "role": "polecat", "exp": 9_999_999_999},
    ],
)
def test_a_payload_of_another_shape_is_refused(claims: dict[str, object]) -> None:
    """A missing, empty or wrongly typed claim never counts as any value."""
    token = jwt.encode(claims, SECRETS[0], algorithm="HS256")

    with pytest.raises(Unauthorized, match=r"^Invalid token payload$"):
        tokens.verify(token, SECRETS, now=NOW)


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_what_is_no_token_at_all_is_refused(token: str) -> None:
    """Garbage is answered like any bad payload."""
    with pytest.raises(Unauthorized, match=r"^Invalid token payload$"):
        tokens.verify(token, SECRETS, now=NOW)


def test_an_unsigned_token_is_refused() -> None:
    """`alg: none` does not get anybody in."""
    token = jwt.encode(
        {"scope": "container", "town_id": "t", "generation": 1, "exp": 9_999_999_999}, "", algorithm="none"
    )

    with pytest.raises(Unauthorized):
        tokens.verify(token, SECRETS, now=NOW)


def test_a_boot_code_belongs_to_one_generation_of_one_town() -> None:
    """Neither the next generation nor a neighbour may use it."""
    code = tokens.boot_code(SECRETS[1], "town-1", 2)

    assert tokens.check_boot_code(code, SECRETS, "town-1", 2)
    assert not tokens.check_boot_code(code, SECRETS, "town-1", 3)
    assert not tokens.check_boot_code(code, SECRETS, "town-2", 2)
    assert not tokens.check_boot_code("", SECRETS, "town-1", 2)
