"""GitHub App installations: what an app must sign, and what the tokens are good for."""

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.support.forge import Forge
from tests.support.forge.scene import Scene

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
APP = "4711"


def assertion(
    forge: Forge, *, lasting: int = 540, key: str = PRIVATE, issuer: str = APP, algorithm: str = "RS256"
) -> str:
    """What an app signs."""
    now = int(forge.world.now())
    return jwt.encode({"iat": now - 60, "exp": now + lasting, "iss": issuer}, key, algorithm)


def installed(scene: Scene, **permissions: str) -> str:
    """The path of the tokens of an installation on the scene's project."""
    scene.forge.steer.add_app(APP, PUBLIC)
    number = scene.forge.steer.install(APP, "acme", [scene.path], permissions or None)
    return f"/app/installations/{number}/access_tokens"


def test_an_installation_token_is_for_one_repository_and_an_hour(scene: Scene) -> None:
    """Minted by the app's JWT, narrowed on request, gone after an hour."""
    scene.forge.steer.add_project("acme/other")
    path = installed(scene)
    body = {"repositories": ["widgets"], "permissions": {"pull_requests": "read"}}
    minted = scene.call("POST", path, token=assertion(scene.forge), json=body)
    token = minted.json()["token"]
    answers = [scene.call("GET", one, token=token).status_code for one in (scene.github, "/repos/acme/other/pulls")]
    merge = scene.call("PUT", f"{scene.github}/merge", token=token)
    scene.forge.steer.advance(3601)

    assert 201 == minted.status_code
    assert ["widgets"] == [one["name"] for one in minted.json()["repositories"]]
    assert [200, 404] == answers
    assert (403, "Resource not accessible by integration") == (merge.status_code, merge.json()["message"])
    assert 401 == scene.call("GET", scene.github, token=token).status_code


def test_an_installation_gives_no_more_than_it_has(scene: Scene) -> None:
    """Other repositories and permissions are 422; no installation is 404, a suspended one 403."""
    path = installed(scene, contents="read", metadata="read")
    number = int(path.split("/")[3])
    signed = assertion(scene.forge)
    more = scene.call("POST", path, token=signed, json={"permissions": {"contents": "write"}})
    other = scene.call("POST", path, token=signed, json={"repositories": ["other"]})
    scene.forge.steer.suspend(APP, number)
    suspended = scene.call("POST", path, token=signed)
    scene.forge.steer.uninstall(APP, number)
    gone = [scene.call("POST", path, token=signed), scene.call("GET", "/repos/acme/widgets/installation", token=signed)]

    assert [422, 422, 403] == [more.status_code, other.status_code, suspended.status_code]
    assert [404, 404] == [answer.status_code for answer in gone]


def test_an_app_must_sign_with_its_own_key_for_ten_minutes_at_most(scene: Scene) -> None:
    """RS256 only; a key of somebody else, a long life and a public key as HMAC secret are 401."""
    path = installed(scene)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    theirs = stranger.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    statuses = [
        scene.call("POST", path, token=token).status_code
        for token in (
            assertion(scene.forge),
            assertion(scene.forge, key=theirs),
            assertion(scene.forge, lasting=700),
            assertion(scene.forge, lasting=-10),
            assertion(scene.forge, key="a-secret-that-is-long-enough-for-hs256", algorithm="HS256"),
            assertion(scene.forge, issuer="1"),
            scene.token,
        )
    ]

    assert [201, 401, 401, 401, 401, 404, 401] == statuses


def test_the_installation_of_a_repository_can_be_found(scene: Scene) -> None:
    """By the app, by name."""
    number = int(installed(scene).split("/")[3])
    found = scene.call("GET", "/repos/acme/widgets/installation", token=assertion(scene.forge))

    assert number == found.json()["id"]
