"""Minted tokens between their minting and their end: the three margins, the sealing, and the rotation of its key."""

from datetime import timedelta

import pytest

from gastown.ports.installation_tokens import AppKind, InstallationToken
from gastown.usecases.git_tokens import GitToken, resolve
from gastown.usecases.token_cache import MINTED, TokenCache, key_of
from tests.support.agent_world import NOW, TOWN_ID
from tests.support.vaults import Treasury, a_store

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def treasury() -> Treasury:
    """A town whose tokens are minted."""
    treasury = Treasury()
    treasury.town.config.git_auth.platform_integration_id = "77"
    return treasury


def value(treasury: Treasury) -> str:
    """The token of this moment."""
    token = resolve(treasury.vault, treasury.town, treasury.rig)
    assert isinstance(token, GitToken)
    return token.value


@pytest.mark.parametrize(("after", "mints"), [(30 * MINUTE - SECOND, 1), (30 * MINUTE, 2)])
def test_a_token_is_remembered_for_thirty_minutes(treasury: Treasury, after: timedelta, mints: int) -> None:
    """To the second, although it lives for an hour."""
    first = value(treasury)
    treasury.clock.move(after)

    assert (first == value(treasury), len(treasury.installations.calls)) == (mints == 1, mints)


@pytest.mark.parametrize(("left", "mints"), [(5 * MINUTE, 1), (5 * MINUTE - SECOND, 2)])
def test_a_token_with_less_than_five_minutes_left_is_not_given_out(
    treasury: Treasury, left: timedelta, mints: int
) -> None:
    """Whoever gets one can work with it."""
    treasury.installations.lifetime = 20 * MINUTE
    value(treasury)
    treasury.clock.move(20 * MINUTE - left)
    value(treasury)

    assert mints == len(treasury.installations.calls)


@pytest.mark.parametrize(("lifetime", "rows"), [(MINUTE, 1), (MINUTE - SECOND, 0)])
def test_a_token_with_less_than_a_minute_left_is_not_remembered(
    treasury: Treasury, lifetime: timedelta, rows: int
) -> None:
    """It is given out all the same: it was minted this moment."""
    treasury.installations.lifetime = lifetime

    assert value(treasury)
    assert rows == len(treasury.store.rows[TOWN_ID])


def test_a_remembered_token_cannot_be_read_in_the_table(treasury: Treasury) -> None:
    """Sealed with a key that is not there."""
    token = value(treasury)

    assert token not in str(treasury.store.rows)
    assert "ghs_" not in str(treasury.store.rows)


def test_a_remembered_token_outlives_a_rotation_of_the_signing_secret_by_one_version(treasury: Treasury) -> None:
    """Sealed by the version before: still opened. Two versions later: minted anew, and never an error."""
    first = value(treasury)
    treasury.secrets.put("signing", "the-next-signing-secret-that-is-long-enough")
    assert first == value(treasury)

    treasury.secrets.put("signing", "and-the-one-after-it-that-is-long-enough-too")
    assert first != value(treasury)
    assert 2 == len(treasury.installations.calls)


def test_a_row_opens_in_its_own_place_only() -> None:
    """Not under another installation, repository or kind, and not in another town."""
    store = a_store()
    cache = TokenCache(store=store, town_id=TOWN_ID, secrets=("a-secret",), now=NOW)
    mine, other = key_of("77", AppKind.LITE, "acme/widgets"), key_of("77", AppKind.STANDARD, "acme/widgets")
    cache.keep(mine, InstallationToken(value="ghs_lite", expires_at=NOW + timedelta(hours=1)))
    row = store.rows[TOWN_ID][MINTED, mine]
    store.rows[TOWN_ID][MINTED, other] = row

    assert cache.find(mine) is not None
    assert cache.find(other) is None


def test_a_row_that_nobody_can_read_is_no_row() -> None:
    """Broken or of another version of the code."""
    store = a_store()
    cache = TokenCache(store=store, town_id=TOWN_ID, secrets=("a-secret",), now=NOW)
    cache.keep("k", InstallationToken(value="ghs_x", expires_at=NOW + timedelta(hours=1)))
    row = store.rows[TOWN_ID][MINTED, "k"]
    for sealed in ("", "no base64!", "AAAA"):
        row.body["sealed"] = sealed
        assert cache.find("k") is None


def test_a_mint_that_is_refused_forgets_what_was_remembered(treasury: Treasury) -> None:
    """Access was revoked: the next use does not find the old token either."""
    from gastown.ports.installation_tokens import MintFailure, MintRefused

    value(treasury)
    treasury.installations.refusal = MintRefused(why=MintFailure.DENIED)
    resolve(treasury.vault, treasury.town, treasury.rig, fresh=True)

    assert {} == treasury.store.rows[TOWN_ID]
