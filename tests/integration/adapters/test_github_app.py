"""GitHub's App API keeps the contract of the port, on the forge; and what it is sent, and never sent."""

from collections.abc import Iterator

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gastown.adapters.github_app.installation_tokens import GitHubInstallationTokens
from gastown.adapters.system.clock import SystemClock
from gastown.ports.installation_tokens import AppKey, AppKind, InstallationToken, MintFailure, MintRefused
from tests.support.contracts.installation_tokens import WIDGETS, InstallationTokensContract
from tests.support.forge import Forge

APP = "4711"


def a_key() -> tuple[str, str]:
    """A private key and its public half, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PRIVATE, PUBLIC = a_key()


def refused_by(answer: httpx.Response, *, key: str = PRIVATE) -> MintFailure | None:
    """Why nothing was minted when GitHub answered this."""
    tokens = GitHubInstallationTokens(clock=SystemClock(), transport=httpx.MockTransport(lambda _: answer))
    minted = tokens.mint(AppKey(app_id=APP, private_key=key), "77", WIDGETS, AppKind.STANDARD)
    assert PRIVATE not in repr(minted)
    return minted.why if isinstance(minted, MintRefused) else None


class TestGitHubInstallationTokens(InstallationTokensContract):
    """The contract, over HTTP."""

    @pytest.fixture
    def forge(self) -> Iterator[Forge]:
        """A forge with one App."""
        with Forge() as forge:
            forge.steer.add_project("acme/widgets")
            forge.steer.add_project("acme/other")
            forge.steer.add_app(APP, PUBLIC)
            yield forge

    @pytest.fixture
    def clock(self) -> SystemClock:
        """The true time."""
        return SystemClock()

    @pytest.fixture
    def tokens(self, forge: Forge) -> Iterator[GitHubInstallationTokens]:
        """The adapter, told where the forge is."""
        tokens = GitHubInstallationTokens(clock=SystemClock(), api_url=forge.url)
        yield tokens
        tokens.close()

    @pytest.fixture
    def app(self) -> AppKey:
        """The App with its key."""
        return AppKey(app_id=APP, private_key=PRIVATE)

    @pytest.fixture
    def stranger(self) -> AppKey:
        """Another key."""
        return AppKey(app_id=APP, private_key=a_key()[0])

    @pytest.fixture
    def installation(self, forge: Forge) -> str:
        """On one of the two projects."""
        return str(forge.steer.install(APP, "acme", ["acme/widgets"], None))

    @pytest.fixture
    def silent(self) -> GitHubInstallationTokens:
        """The adapter where nobody answers in time."""

        def never(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("late", request=request)

        return GitHubInstallationTokens(clock=SystemClock(), transport=httpx.MockTransport(never))

    def test_a_token_reaches_its_repository_alone_and_a_lite_one_only_reads(
        self, tokens: GitHubInstallationTokens, app: AppKey, forge: Forge
    ) -> None:
        """An installation on both projects, a token for one of them."""
        installation = str(forge.steer.install(APP, "acme", ["acme/widgets", "acme/other"], None))
        minted = [tokens.mint(app, installation, WIDGETS, kind) for kind in AppKind]
        answers = []
        for token in minted:
            assert isinstance(token, InstallationToken)
            headers = {"authorization": f"Bearer {token.value}"}
            paths = ("acme/widgets", "acme/other")
            seen = [httpx.get(f"{forge.url}/repos/{path}/pulls", headers=headers).status_code for path in paths]
            body = {"ref": "refs/heads/x", "sha": "0" * 40}
            made = httpx.post(f"{forge.url}/repos/acme/widgets/git/refs", headers=headers, json=body).status_code
            answers.append((*seen, made == 403))

        assert [(200, 404, False), (200, 404, True)] == answers


def test_the_proof_is_signed_for_less_than_ten_minutes_and_names_one_repository() -> None:
    """What GitHub asks of an App's token, and the least that we ask for."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"token": "ghs_1_" + "x" * 300, "expires_at": "2030-01-01T00:00:00Z"})

    tokens = GitHubInstallationTokens(clock=SystemClock(), transport=httpx.MockTransport(reply))
    tokens.mint(AppKey(app_id=APP, private_key=PRIVATE), "77", WIDGETS, AppKind.STANDARD)
    [request] = seen
    proof = request.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(proof, PUBLIC, ["RS256"])

    assert (APP, 540) == (claims["iss"], claims["exp"] - claims["iat"])
    assert "https://api.github.com/app/installations/77/access_tokens" == str(request.url)
    assert b'{"repositories":["widgets"]}' == request.content


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (404, {"message": "Not Found"}, MintFailure.NO_INSTALLATION),
        (401, {"message": "A JSON web token could not be decoded"}, MintFailure.BAD_KEY),
        (403, {"message": "Resource not accessible by integration"}, MintFailure.NO_REPOSITORY),
        (422, {"message": "There is at least one repository that is not accessible"}, MintFailure.NO_REPOSITORY),
        (403, {"message": "This installation has been suspended"}, MintFailure.DENIED),
        (500, {}, MintFailure.UNANSWERED),
        (429, {}, MintFailure.UNANSWERED),
        (201, {"token": "", "expires_at": "2030-01-01T00:00:00Z"}, MintFailure.EMPTY),
        (201, {"token": "two words", "expires_at": "2030-01-01T00:00:00Z"}, MintFailure.EMPTY),
        (201, {"token": "t"}, MintFailure.UNREADABLE),
        (201, [], MintFailure.UNREADABLE),
    ],
)
def test_each_answer_has_its_cause(status: int, body: object, why: MintFailure) -> None:
    """Source-control facts, 2.1."""
    assert why is refused_by(httpx.Response(status, json=body))


def test_a_redirect_to_another_host_and_a_broken_key_lead_nowhere() -> None:
    """No proof is sent elsewhere, and a key that is none is not told."""
    away = httpx.Response(307, headers={"location": "https://evil.example/app"})
    assert MintFailure.DENIED is refused_by(away)
    assert MintFailure.BAD_KEY is refused_by(httpx.Response(201), key="-----BEGIN nothing")
