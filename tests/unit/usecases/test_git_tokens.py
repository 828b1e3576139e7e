"""Which token a rig's provider is asked with: the chain of REQ-4.11 one by one, and every source that was tried."""

import inspect
import logging
from datetime import timedelta

import pytest

from gastown.domain.errors import Conflict
from gastown.domain.pull import HttpError, NoToken, Provider
from gastown.ports.installation_tokens import AppKind, MintFailure, MintRefused
from gastown.usecases.git_tokens import GitToken, TokenUnavailable, fingerprint, resolve
from tests.support.vaults import APP, Treasury, a_rig

PAT, STORED = "ghp_the_persons_own", "ghs_stored_long_ago"
AWAY = HttpError(provider=Provider.GITHUB, status=502, text="away", transient=True)
FAILURES = [
    (MintFailure.DENIED, "denied"),
    (MintFailure.NO_INSTALLATION, "no such installation"),
    (MintFailure.NO_REPOSITORY, "the installation does not reach this repository"),
]
STORED_OFF = "town.git_auth.github_token (turned off by git_auth.allow_stored_token)"


@pytest.fixture
def treasury() -> Treasury:
    """A town with a PAT nowhere, an installation nowhere, a token nowhere."""
    return Treasury()


def found(treasury: Treasury, *, fresh: bool = False, failed: str = "") -> GitToken:
    """The token, which has to be there."""
    token = resolve(treasury.vault, treasury.town, treasury.rig, fresh=fresh, failed=failed)
    assert isinstance(token, GitToken)
    return token


def tried(treasury: Treasury, *, fresh: bool = False, failed: str = "") -> list[str]:
    """The sources, where nothing may be found."""
    token = resolve(treasury.vault, treasury.town, treasury.rig, fresh=fresh, failed=failed)
    assert isinstance(token, NoToken)
    return list(token.tried)


def test_the_persons_token_wins(treasury: Treasury) -> None:
    """Before the integration, which is not asked (REQ-4.1)."""
    treasury.keep(github_cli_pat=PAT, git_auth={"github_token": STORED})
    treasury.town.config.git_auth.platform_integration_id = "77"

    token = found(treasury)

    assert (PAT, "town.github_cli_pat", "x-access-token") == (token.value, token.source, token.username)
    assert [] == treasury.installations.calls
    assert PAT not in repr(token)


def test_a_fresh_token_beats_a_stale_one(treasury: Treasury) -> None:
    """The live integration goes before what was stored, for the rig's repository alone."""
    treasury.keep(git_auth={"github_token": STORED})
    treasury.town.config.git_auth.platform_integration_id = "77"

    token = found(treasury)

    expires_at = treasury.clock.now() + timedelta(hours=1)
    assert ("town platform integration", expires_at) == (token.source, token.expires_at)
    assert [("77", "acme/widgets", "standard")] == treasury.installations.calls


def test_the_stored_token_is_used_where_no_integration_is_configured(
    treasury: Treasury, caplog: pytest.LogCaptureFixture
) -> None:
    """With a warning, and its source is visible (REQ-4.2)."""
    treasury.keep(git_auth={"github_token": STORED})
    with caplog.at_level(logging.WARNING):
        token = found(treasury)

    assert (STORED, "town.git_auth.github_token") == (token.value, token.source)
    assert "stored GitHub token used" in caplog.text
    assert STORED not in caplog.text


def test_a_town_may_turn_the_stored_token_off(treasury: Treasury) -> None:
    """And is told so."""
    treasury.keep(git_auth={"github_token": STORED})
    treasury.town.config.git_auth.allow_stored_token = False

    assert STORED_OFF == tried(treasury)[-1]


def test_nobody_can_ask_for_a_token_without_a_town_and_a_rig() -> None:
    """Both are demanded, so no caller goes back to the stored token by leaving one out (REQ-4.7)."""
    demanded = [one.name for one in inspect.signature(resolve).parameters.values() if one.default is one.empty]

    assert ["vault", "town", "rig"] == demanded


def test_a_changed_secret_is_used_at_once(treasury: Treasury) -> None:
    """The town's secret is read at each use, whatever the process remembers of other secrets."""
    treasury.keep(github_cli_pat=PAT)
    found(treasury)
    treasury.keep(github_cli_pat="ghp_another")

    assert "ghp_another" == found(treasury).value
    assert [True, True] == [fresh for secret, fresh in treasury.secrets.reads if secret.startswith("stack/town/")]


@pytest.mark.parametrize(("why", "said"), FAILURES)
def test_after_a_failed_integration_the_stored_token_is_the_last_resort(
    treasury: Treasury, caplog: pytest.LogCaptureFixture, why: MintFailure, said: str
) -> None:
    """With a warning that names why, and a visible source (REQ-4.3, design section 9 row 4, decision 0014)."""
    treasury.keep(git_auth={"github_token": STORED})
    treasury.town.config.git_auth.platform_integration_id = "77"
    treasury.installations.refusal = MintRefused(why=why)
    with caplog.at_level(logging.WARNING):
        token = found(treasury)

    assert (STORED, "town.git_auth.github_token") == (token.value, token.source)
    [told] = [record for record in caplog.records if record.message == "stored GitHub token used"]
    assert f"town platform integration ({said})" == vars(told)["after"]
    assert STORED not in caplog.text


@pytest.mark.parametrize(("why", "said"), FAILURES)
def test_a_town_may_demand_that_a_failed_integration_is_the_end(
    treasury: Treasury, why: MintFailure, said: str
) -> None:
    """A stored token cannot prove that access was not revoked: the stricter rule of REQ-4.3 is one setting away."""
    treasury.keep(git_auth={"github_token": STORED})
    treasury.town.config.git_auth.platform_integration_id = "77"
    treasury.town.config.git_auth.allow_stored_token = False
    treasury.installations.refusal = MintRefused(why=why)

    assert ["town.github_cli_pat", f"town platform integration ({said})", STORED_OFF] == tried(treasury)


def test_an_empty_token_is_none(treasury: Treasury) -> None:
    """Whatever the mint says (REQ-4.3)."""
    treasury.town.config.git_auth.platform_integration_id = "77"
    treasury.installations.empty = True

    assert "town platform integration (an empty token)" == tried(treasury)[1]


def test_a_mint_that_does_not_answer_is_asked_again(treasury: Treasury) -> None:
    """It is the provider's trouble and no missing token: pollers count it as such, unless a stored one is there."""
    treasury.town.config.git_auth.platform_integration_id = "77"
    treasury.installations.refusal = MintRefused(why=MintFailure.UNANSWERED, answer=AWAY)

    with pytest.raises(TokenUnavailable) as away:
        found(treasury)
    treasury.keep(git_auth={"github_token": STORED})
    last = found(treasury)

    assert (AWAY, "town.git_auth.github_token") == (away.value.refusal, last.source)


def test_a_rigs_own_installation_is_used_where_the_town_names_none(treasury: Treasury) -> None:
    """And the town's goes first where both are named (REQ-4.1)."""
    treasury.rig.overrides.platform_integration_id = "77"
    assert "rig platform integration" == found(treasury).source

    treasury.town.config.git_auth.platform_integration_id = "12"
    assert "town platform integration (no such installation)" == tried(treasury)[1]


def test_with_nothing_configured_every_source_is_named_in_order(treasury: Treasury) -> None:
    """Never a bare none (REQ-4.5)."""
    expected = ["town.github_cli_pat", "platform integration (none configured)", "town.git_auth.github_token"]
    assert expected == tried(treasury)


def test_an_integration_without_an_app_is_told_as_not_bound(treasury: Treasury) -> None:
    """No crash (REQ-4.4)."""
    treasury.app_secret = ""
    treasury.town.config.git_auth.platform_integration_id = "77"
    expected = ["town.github_cli_pat", "town platform integration (this stack has no GitHub App)"]
    assert [*expected, "town.git_auth.github_token"] == tried(treasury)


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (None, "the secret of the GitHub App is not there"),
        ("no json", "the secret of the GitHub App cannot be read"),
        ('{"app_id": "1"}', "the secret of the GitHub App cannot be read"),
    ],
)
def test_a_broken_app_secret_is_told_without_its_text(treasury: Treasury, secret: str | None, said: str) -> None:
    """It is the stack's fault."""
    treasury.secrets.delete("app")
    if secret:
        treasury.secrets.put("app", secret)
    treasury.town.config.git_auth.platform_integration_id = "77"
    assert f"town platform integration ({said})" == tried(treasury)[1]


def test_an_installation_may_be_kept_for_the_towns_of_some_people(treasury: Treasury) -> None:
    """Where strangers share a stack, one may not mint with the installation of another."""
    treasury.town.config.git_auth.platform_integration_id = "77"
    treasury.secrets.put("app", APP[:-1] + ', "installations": {"77": ["somebody-else"]}}')
    assert "not for this town's owner" in tried(treasury)[1]

    treasury.secrets.put("app", APP[:-1] + ', "installations": {"77": ["user-1"]}}')
    assert "town platform integration" == found(treasury).source


def test_a_key_that_github_does_not_know_yet_gives_way_to_the_one_before(treasury: Treasury) -> None:
    """Both live versions of the App's secret work while its key is replaced."""
    treasury.town.config.git_auth.platform_integration_id = "77"
    treasury.installations.keys = {"private-key-of-the-app"}
    treasury.secrets.put("app", APP.replace("private-key-of-the-app", "the-next-key"))

    assert "town platform integration" == found(treasury).source
    treasury.installations.keys = {"nobodys"}
    assert "the App's key was refused" in tried(treasury, fresh=True)[1]


def test_a_token_that_just_failed_does_not_come_again(treasury: Treasury) -> None:
    """Not the PAT, not a minted one, not the stored one (REQ-4.9)."""
    treasury.keep(github_cli_pat=PAT, git_auth={"github_token": STORED})
    assert "town.git_auth.github_token" == found(treasury, failed=fingerprint(PAT)).source

    treasury.keep(git_auth={"github_token": STORED})
    assert "town.git_auth.github_token (just failed)" == tried(treasury, failed=fingerprint(STORED))[-1]

    treasury.town.config.git_auth.platform_integration_id = "77"
    first = found(treasury)
    assert first.value == found(treasury).value
    second = found(treasury, fresh=True, failed=fingerprint(first.value))
    assert first.value != second.value
    assert second.value == found(treasury).value


def test_names_with_dots_and_the_ssh_form_are_the_rigs_own_repository(treasury: Treasury) -> None:
    """REQ-4.10."""
    treasury.rig = a_rig("git@github.com:acme/repo.with.dots.git")
    treasury.installations.reach["77"] = {"acme/repo.with.dots"}
    treasury.town.config.git_auth.platform_integration_id = "77"
    found(treasury)

    assert [("77", "acme/repo.with.dots", "standard")] == treasury.installations.calls


def test_kinds_of_tokens_are_remembered_apart(treasury: Treasury) -> None:
    """Who may only read never gets what may write."""
    treasury.town.config.git_auth.platform_integration_id = "77"
    lite = resolve(treasury.vault, treasury.town, treasury.rig, kind=AppKind.LITE)

    assert isinstance(lite, GitToken)
    assert "standard" in found(treasury).value
    assert "lite" in lite.value


def test_gitlab_has_its_own_token_and_user(treasury: Treasury) -> None:
    """On gitlab.com or the town's instance, and for no other host."""
    treasury.rig = a_rig("https://gitlab.com/group/sub/widgets.git")
    assert ["town.git_auth.gitlab_token"] == tried(treasury)

    treasury.keep(git_auth={"gitlab_token": "glpat-of-the-town"})
    token = found(treasury)
    assert ("glpat-of-the-town", "oauth2", Provider.GITLAB) == (token.value, token.username, token.provider)

    treasury.town.config.git_auth.gitlab_instance_url = "https://git.acme.example"
    with pytest.raises(Conflict):
        found(treasury)


def test_a_gitlab_token_is_bound_to_the_instance_it_was_given_for(treasury: Treasury) -> None:
    """However settings and secret were changed, one after the other."""
    treasury.keep(git_auth={"gitlab_token": "glpat-of-the-town", "gitlab_site": "https://gitlab.com"})
    treasury.town.config.git_auth.gitlab_instance_url = "https://git.evil.example"
    treasury.rig = a_rig("https://git.evil.example/group/widgets.git")

    assert ["town.git_auth.gitlab_token (it belongs to another instance)"] == tried(treasury)
