"""Who the person is, when an OIDC issuer says so."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gastown.api import identity
from tests.support.people_door import PeopleDoor, T

ISSUER, AUDIENCE = "https://issuer.test", "gastown"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[PeopleDoor]:
    """The people's door of a deployment with an issuer, whose keys are at hand."""
    keys = SimpleNamespace(get_signing_key_from_jwt=lambda _token: SimpleNamespace(key=KEY.public_key()))
    monkeypatch.setattr(identity, "_keys", lambda _url: keys)
    door = PeopleDoor()
    door.settings = replace(door.settings, oidc_issuer=ISSUER, oidc_audience=AUDIENCE)
    with door.open():
        yield door


def signed(door: PeopleDoor, key: Any = KEY, **changes: Any) -> str:
    """A token of the issuer for the town's owner."""
    expires = int((door.now + timedelta(hours=1)).timestamp())
    claims = {"sub": "user-1", "iss": ISSUER, "aud": AUDIENCE, "exp": expires, **changes}
    return jwt.encode(claims, key, algorithm="RS256")


def test_the_issuers_token_proves_its_subject(door: PeopleDoor) -> None:
    """The subject is the user's id."""
    assert 200 == door.ask("GET", f"{T}/status", token=signed(door)).status


@pytest.mark.parametrize(
    "changes", [{"iss": "https://other.test"}, {"aud": "another service"}, {"sub": ""}, {"exp": 1}]
)
def test_a_token_for_somebody_else_or_of_another_time_proves_nothing(door: PeopleDoor, changes: dict[str, Any]) -> None:
    """Issuer, audience, subject and expiry all have to be right."""
    assert 401 == door.ask("GET", f"{T}/status", token=signed(door, **changes)).status


def test_a_token_under_another_key_is_forged(door: PeopleDoor) -> None:
    """So is one signed with a shared secret, whatever it says."""
    forged = door.ask("GET", f"{T}/status", token=signed(door, OTHER_KEY))

    assert (401, "Invalid token signature") == (forged.status, forged.body["error"])
    assert 401 == door.ask("GET", f"{T}/status", token=door.token()).status


def test_a_deployment_that_knows_nobody_says_so() -> None:
    """Without issuer and secret no token can prove anything; that is no fault of who asks."""
    door = PeopleDoor()
    door.settings = replace(door.settings, user_secret_arn="")
    with door.open():
        refused = door.ask("GET", f"{T}/status", token="a-token")

    assert 503 == refused.status
    assert "SharedUserSecret" in refused.body["error"]
