"""People's tokens are proved by keys that are fetched from their issuer, over HTTP as it is."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gastown.api import identity
from tests.support.people_door import PeopleDoor, T

AUDIENCE = "gastown"
WELL_KNOWN = "/.well-known/jwks.json"


class Issuer:
    """An issuer of tokens on 127.0.0.1: `keys` by id, `asked` is every path that was asked for."""

    def __init__(self) -> None:
        """Listen, with one key of RSA."""
        self.keys: dict[str, Any] = {"first": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.asked: list[str] = []
        self.is_well = True
        self.server = HTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        """Listen no more."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def key_set(self) -> dict[str, Any]:
        """The public halves, as the standard has them."""
        return {"keys": [{**_public(key), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]}

    def token(self, door: PeopleDoor, kid: str = "first", **changes: Any) -> str:
        """A token for the town's owner under one of the keys."""
        expires = int((door.now + timedelta(hours=1)).timestamp())
        claims = {"sub": "user-1", "iss": self.url, "aud": AUDIENCE, "exp": expires, **changes}
        algorithm = "RS256" if isinstance(self.keys[kid], rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(claims, self.keys[kid], algorithm=algorithm, headers={"kid": kid})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                body = json.dumps(issuer.key_set()).encode()
                self.send_response(200 if issuer.is_well else 503)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                """Keep the test's output clean."""

        return Handler


def _public(key: Any) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    public: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    return public


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer that nobody has asked yet."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def door(issuer: Issuer) -> Iterator[PeopleDoor]:
    """The people's door of a deployment that knows this issuer."""
    door = PeopleDoor()
    door.settings = replace(door.settings, oidc_issuer=issuer.url, oidc_audience=AUDIENCE)
    with door.open():
        yield door


def status(door: PeopleDoor, token: str) -> int:
    """What the door answers to a token."""
    return door.ask("GET", f"{T}/status", token=token).status


def test_the_issuers_keys_are_fetched_where_issuers_have_them_and_kept(door: PeopleDoor, issuer: Issuer) -> None:
    """At the well-known place, once for many requests."""
    assert [200, 200, 200] == [status(door, issuer.token(door)) for _ in range(3)]
    assert [WELL_KNOWN] == issuer.asked


def test_keys_may_lie_elsewhere(issuer: Issuer) -> None:
    """Where the deployment says."""
    door = PeopleDoor()
    door.settings = replace(door.settings, oidc_issuer=issuer.url, jwks_url=f"{issuer.url}/keys")
    with door.open():
        assert 200 == status(door, issuer.token(door))
    assert ["/keys"] == issuer.asked


def test_a_key_that_is_new_at_the_issuer_is_found(
    door: PeopleDoor, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotation, here from RSA to an elliptic curve, cuts off nobody."""
    monkeypatch.setattr(identity, "LOOK_AGAIN_SECONDS", 0.0)
    status(door, issuer.token(door))
    issuer.keys["second"] = ec.generate_private_key(ec.SECP256R1())

    assert 200 == status(door, issuer.token(door, "second"))
    assert 200 == status(door, issuer.token(door))


def test_a_key_that_the_issuer_never_had_proves_nothing(door: PeopleDoor, issuer: Issuer) -> None:
    """Whatever id it gives itself."""
    good = dict(issuer.keys)
    issuer.keys["first"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer.keys["third"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = [issuer.token(door), issuer.token(door, "third")]
    issuer.keys = good

    assert [401, 401] == [status(door, token) for token in forged]


def test_a_key_that_the_issuer_withdraws_proves_nothing_any_more(
    door: PeopleDoor, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once what is remembered has been read again."""
    monkeypatch.setattr(identity, "KEYS_SECONDS", 0.000_001)
    stolen = issuer.token(door)
    assert 200 == status(door, stolen)
    issuer.keys = {"second": ec.generate_private_key(ec.SECP256R1())}

    assert 401 == status(door, stolen)


def test_forged_tokens_do_not_have_the_issuer_asked_at_will(door: PeopleDoor, issuer: Issuer) -> None:
    """However many keys they make up, it is asked again after five seconds at the earliest."""
    status(door, issuer.token(door))
    forged = jwt.encode({"sub": "user-1"}, "whatever-secret-of-enough-length-here", headers={"kid": "made up"})

    assert {401} == {status(door, forged) for _ in range(20)}
    assert len(issuer.asked) <= 1 + 2


def test_an_issuer_that_does_not_answer_is_no_fault_of_who_asks(door: PeopleDoor, issuer: Issuer) -> None:
    """They are told to come back, and the same token is good later."""
    token = issuer.token(door)
    issuer.is_well = False
    assert 503 == status(door, token)

    issuer.is_well = True
    assert 200 == status(door, token)
