"""A rotation of the signing secret cuts off nobody, and forged tokens do not have the vault read at will."""

from datetime import timedelta

import pytest

from gastown.domain.errors import Unavailable
from gastown.usecases import tokens
from gastown.usecases.signing import LOOK_AGAIN, SigningSecrets
from gastown.usecases.tokens import ContainerClaims, UnknownSignature
from tests.support.fakes.clock import FixedClock
from tests.support.fakes.secrets import MemorySecrets

OLD, NEW, FOREIGN = (f"{name}-secret-that-is-long-enough-for-hs256" for name in ("old", "new", "foreign"))


class Remembering:
    """A vault whose reader remembers what it was told first, as a process does for a minute."""

    def __init__(self) -> None:
        """Remember the version that is about to be replaced."""
        self.remembered: tuple[str, ...] = (OLD,)
        self.stored: tuple[str, ...] = (NEW, OLD)
        self.looks = 0

    def get(self, _secret_id: str, *, fresh: bool = False) -> tuple[str, ...]:
        """What is remembered, or what is stored."""
        self.looks += fresh
        self.remembered = self.stored if fresh else self.remembered
        return self.remembered

    def swap(self, secret_id: str, before: str | None, value: str) -> None:
        """Nothing here writes."""

    def delete(self, secret_id: str) -> None:
        """Nothing here deletes."""


@pytest.fixture
def vault() -> Remembering:
    """A vault in the first minute after a rotation."""
    return Remembering()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that a test moves."""
    return FixedClock()


@pytest.fixture
def signing(vault: Remembering, clock: FixedClock) -> SigningSecrets:
    """The secret as this process sees it."""
    return SigningSecrets(vault, "signing", clock)


def shown(signing: SigningSecrets, clock: FixedClock, secret: str) -> tokens.ContainerClaims | tokens.AgentClaims:
    """Prove a token that was signed with a secret."""
    token = tokens.mint_container((secret,), town_id="town-1", generation=3, now=clock.present)
    return signing.prove(lambda live: tokens.verify(token, live, now=clock.present))


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_tokens_of_both_versions_are_good_just_after_a_rotation(
    signing: SigningSecrets, clock: FixedClock, secret: str
) -> None:
    """Also at a process that remembers the version before only."""
    assert isinstance(shown(signing, clock, secret), ContainerClaims)


def test_a_known_signature_asks_the_vault_nothing_more(
    signing: SigningSecrets, vault: Remembering, clock: FixedClock
) -> None:
    """What is remembered is enough for every request but the first after a rotation."""
    shown(signing, clock, OLD)
    assert 0 == vault.looks

    for _ in range(3):
        shown(signing, clock, NEW)
    assert 1 == vault.looks


def test_forged_tokens_have_the_vault_read_once_in_a_while(
    signing: SigningSecrets, vault: Remembering, clock: FixedClock
) -> None:
    """However many of them come."""
    for _ in range(5):
        with pytest.raises(UnknownSignature):
            shown(signing, clock, FOREIGN)
    assert 1 == vault.looks

    clock.move(LOOK_AGAIN - timedelta(seconds=0.001))
    with pytest.raises(UnknownSignature):
        shown(signing, clock, FOREIGN)
    assert 1 == vault.looks

    clock.move(timedelta(seconds=0.001))
    with pytest.raises(UnknownSignature):
        shown(signing, clock, FOREIGN)
    assert 2 == vault.looks


def test_a_missing_secret_is_the_stacks_fault(clock: FixedClock) -> None:
    """Callers are told to come back, not that they are forgers."""
    with pytest.raises(Unavailable):
        SigningSecrets(MemorySecrets(), "signing", clock).live()
