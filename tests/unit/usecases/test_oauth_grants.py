"""A town's GitLab OAuth pair: used while it lives, renewed in time, and never lost."""

import json
from datetime import timedelta
from typing import Any

import pytest

from gastown.domain.errors import Unavailable
from gastown.domain.pull import HttpError, NoToken, Provider
from gastown.ports.oauth_tokens import OAuthPair, RefreshFailure, RefreshRefused
from gastown.usecases.git_tokens import GitToken, TokenUnavailable, fingerprint, resolve
from gastown.usecases.oauth_grants import LOOKS, MARGIN
from tests.support.agent_world import TOWN_ID
from tests.support.vaults import PREFIX, Treasury, a_rig

SECOND = timedelta(seconds=1)
AWAY = HttpError(provider=Provider.GITLAB, status=503, text="away", transient=True)


@pytest.fixture
def treasury() -> Treasury:
    """A town with a rig at GitLab."""
    return Treasury(rig=a_rig("https://gitlab.com/group/widgets.git"))


def found(treasury: Treasury, **more: Any) -> GitToken:
    """The token, which has to be there."""
    token = resolve(treasury.vault, treasury.town, treasury.rig, **more)
    assert isinstance(token, GitToken)
    return token


def tried(treasury: Treasury) -> str:
    """The last source, where nothing may be found."""
    token = resolve(treasury.vault, treasury.town, treasury.rig)
    assert isinstance(token, NoToken)
    return token.tried[-1]


def pair_of(treasury: Treasury) -> dict[str, Any]:
    """The pair in the town's secret."""
    pair: dict[str, Any] = treasury.kept()["git_auth"]["gitlab_oauth"]
    return pair


@pytest.mark.parametrize(
    ("left", "calls"),
    [(MARGIN + SECOND, 0), (MARGIN, 1), (SECOND, 1), (-SECOND, 1)],
    ids=["lives", "5 min", "1 s", "over"],
)
def test_a_pair_is_renewed_five_minutes_before_its_end(treasury: Treasury, left: timedelta, calls: int) -> None:
    """And the new one is stored, with its client, before it is used."""
    treasury.keep_pair(left=left)
    token = found(treasury)

    assert ["https://gitlab.com"] * calls == treasury.oauth.calls
    assert (f"access-secret-number-{calls}", "town.git_auth.gitlab_oauth") == (token.value, token.source)
    assert token.value == pair_of(treasury)["access_token"]
    assert ("client", f"refresh-secret-number-{calls}") == (
        pair_of(treasury)["client_id"],
        pair_of(treasury)["refresh_token"],
    )


def test_a_pair_of_the_towns_own_instance_is_renewed_there(treasury: Treasury) -> None:
    """Self-hosted, below a path."""
    treasury.town.config.git_auth.gitlab_instance_url = "https://git.acme.example/gitlab/"
    treasury.rig = a_rig("https://git.acme.example/group/widgets.git")
    treasury.keep_pair(left=SECOND)
    found(treasury)

    assert ["https://git.acme.example/gitlab"] == treasury.oauth.calls


def test_a_token_that_just_failed_is_renewed_although_it_lives(treasury: Treasury) -> None:
    """It was revoked, or ended by somebody's renewal."""
    treasury.keep_pair(left=timedelta(hours=2))
    token = found(treasury, failed=fingerprint("access-secret-number-0"))

    assert "access-secret-number-1" == token.value


def test_the_rest_of_the_secret_survives_a_renewal(treasury: Treasury) -> None:
    """Names that this version does not know, too."""
    treasury.keep_pair(left=SECOND)
    kept = treasury.kept()
    treasury.keep(**kept, env={"A": "1"}, of_tomorrow=[1])
    found(treasury)

    assert ({"A": "1"}, [1]) == (treasury.kept()["env"], treasury.kept()["of_tomorrow"])


class Overtaken(Treasury):
    """A treasury whose pair somebody else renews at the very moment of our renewal."""

    def win(self, _instance: str, pair: OAuthPair) -> RefreshRefused:
        """The other's pair is stored, and ours is told to be used up."""
        assert pair.refresh_token == "refresh-secret-number-0"
        self.keep_pair(left=timedelta(hours=2), number=9)
        return RefreshRefused(why=RefreshFailure.INVALID_GRANT)


def test_who_comes_second_takes_the_pair_of_who_came_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh token works once: `invalid_grant` means that somebody renewed."""
    treasury = Overtaken(rig=a_rig("https://gitlab.com/group/widgets.git"))
    treasury.keep_pair(left=SECOND)
    monkeypatch.setattr(treasury.oauth, "refresh", treasury.win)

    assert "access-secret-number-9" == found(treasury).value


def test_a_pair_that_another_writer_overwrote_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings were saved over the renewed pair: the version before still has it."""
    treasury = Treasury(rig=a_rig("https://gitlab.com/group/widgets.git"))
    treasury.keep_pair(left=timedelta(hours=2), number=9)
    newer = json.loads(treasury.secrets.get(PREFIX + TOWN_ID)[0])
    treasury.keep_pair(left=SECOND)
    older = json.loads(treasury.secrets.get(PREFIX + TOWN_ID)[0])
    treasury.secrets.values[PREFIX + TOWN_ID] = (json.dumps(older), json.dumps(newer))
    treasury.oauth.living.clear()

    assert "access-secret-number-9" == found(treasury).value
    assert "access-secret-number-9" == pair_of(treasury)["access_token"]


def test_a_used_up_refresh_token_is_told_after_a_few_looks(treasury: Treasury) -> None:
    """Without a winner in sight the pair is dead, and a person has to sign in again."""
    treasury.keep_pair(left=SECOND)
    treasury.oauth.living.clear()

    assert "town.git_auth.gitlab_oauth (the refresh token was used up or revoked)" == tried(treasury)
    assert LOOKS - 1 == len(treasury.naps)


def test_a_pair_without_a_refresh_token_ends(treasury: Treasury) -> None:
    """Expired without one is a cause of its own."""
    treasury.keep_pair(left=SECOND)
    pair = pair_of(treasury) | {"refresh_token": ""}
    treasury.keep(git_auth={"gitlab_oauth": pair})

    assert "town.git_auth.gitlab_oauth (expired, and there is no refresh token)" == tried(treasury)


def test_an_instance_that_does_not_answer_is_asked_again(treasury: Treasury) -> None:
    """Transient; a refusal is not."""
    treasury.keep_pair(left=SECOND)
    treasury.oauth.refusal = RefreshRefused(why=RefreshFailure.UNANSWERED, answer=AWAY)
    with pytest.raises(TokenUnavailable):
        found(treasury)

    treasury.oauth.refusal = RefreshRefused(why=RefreshFailure.REFUSED)
    assert "town.git_auth.gitlab_oauth (the instance refused the refresh)" == tried(treasury)


def test_a_new_pair_that_cannot_be_stored_is_tried_three_times(
    treasury: Treasury, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one has ended, so giving up at the first failure would lose both."""
    treasury.keep_pair(left=SECOND)
    put, failures = treasury.secrets.put, [Unavailable("slow"), Unavailable("slow")]

    def stumbling(secret_id: str, value: str) -> None:
        if failures:
            raise failures.pop()
        put(secret_id, value)

    monkeypatch.setattr(treasury.secrets, "put", stumbling)

    assert found(treasury).value == pair_of(treasury)["access_token"] == "access-secret-number-1"


def test_a_pair_that_a_person_removed_meanwhile_stays_removed(
    treasury: Treasury, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewal does not bring back what somebody deleted."""
    treasury.keep_pair(left=SECOND)
    refresh = treasury.oauth.refresh

    def slow(instance: str, pair: OAuthPair) -> OAuthPair | RefreshRefused:
        treasury.keep()
        return refresh(instance, pair)

    monkeypatch.setattr(treasury.oauth, "refresh", slow)

    assert "town.git_auth.gitlab_oauth (removed meanwhile)" == tried(treasury)
    assert {} == treasury.kept()


def test_a_setting_that_is_changed_during_a_renewal_survives_with_the_new_pair(
    treasury: Treasury, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's new token lands between the reading of the secret and the storing of the pair."""
    treasury.keep_pair(left=SECOND)
    swap, others = treasury.secrets.swap, [1]

    def overtaken(secret_id: str, before: str | None, value: str) -> None:
        if others:
            others.pop()
            treasury.keep(**treasury.kept(), github_cli_pat="ghp_given_just_now")
        swap(secret_id, before, value)

    monkeypatch.setattr(treasury.secrets, "swap", overtaken)

    assert "access-secret-number-1" == found(treasury).value
    assert "ghp_given_just_now" == treasury.kept()["github_cli_pat"]
    assert "access-secret-number-1" == treasury.kept()["git_auth"]["gitlab_oauth"]["access_token"]
