"""Credentials are resolved when they are asked for: for the run under way, and for the rig's own host only."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from gastown.domain.errors import Conflict, NotFound, StaleDispatch
from gastown.usecases import credentials, tokens
from gastown.usecases.credentials import Renewal
from gastown.usecases.tokens import AgentClaims
from gastown.usecases.vault import TownSecret, Vault
from tests.support.agent_world import (
    NOW,
    RIG_ID,
    SECRETS,
    TOWN_ID,
    a_desk,
    an_agent_world,
    container_claims,
    send_to_review,
)
from tests.support.fakes.secrets import MemorySecrets
from tests.support.vaults import Treasury

GIT = {"username": "bot", "password": "pat-1"}


def a_vault(town_secret: object = None) -> Vault:
    """A vault with the signing secret and, if given, the town's own secret."""
    secrets = MemorySecrets({"signing": SECRETS[0]})
    if town_secret is not None:
        secrets.put(f"stack/town/{TOWN_ID}", json.dumps(town_secret))
    return Vault(secrets=secrets, signing_secret="signing", town_prefix="stack/town/")


def test_a_run_gets_its_token_and_the_credentials_of_its_host() -> None:
    """The token names exactly this dispatch; another host's password stays where it is."""
    world = an_agent_world()
    world.town.config.env_vars = {"MODE": "fast", "LEVEL": "1"}
    hosts = {"git.example.com": GIT, "other.example.com": {"username": "x", "password": "y"}}
    vault = a_vault({"git": hosts, "env": {"LEVEL": "2"}})

    given = credentials.for_agent(a_desk(world.town).work, vault, world.container_claims, world.polecat.id, 1)

    assert (given["git"], given["env"]) == (GIT, {"MODE": "fast", "LEVEL": "2"})
    claims = tokens.verify(given["agent_token"], SECRETS, now=NOW + timedelta(hours=1))
    assert isinstance(claims, AgentClaims)
    assert (TOWN_ID, RIG_ID, world.polecat.id, "polecat", 1) == (
        claims.town_id,
        claims.rig_id,
        claims.agent_id,
        claims.role,
        claims.dispatch,
    )


@pytest.mark.parametrize(
    "town_secret", [None, {}, {"git": {"other.example.com": GIT}}, {"git": {"git.example.com": {}}}]
)
def test_without_credentials_for_the_host_there_are_none(town_secret: object) -> None:
    """A public repository needs none; nothing else is handed out instead."""
    world = an_agent_world()

    given = credentials.for_rig(a_desk(world.town).work, a_vault(town_secret), world.container_claims, RIG_ID)

    assert given == {"git": None}


def test_a_new_password_is_seen_at_the_next_request() -> None:
    """Nothing is kept between two requests."""
    world = an_agent_world()
    vault, work = a_vault({"git": {"git.example.com": GIT}}), a_desk(world.town).work
    assert credentials.for_rig(work, vault, world.container_claims, RIG_ID) == {"git": GIT}

    newer = {"git": {"git.example.com": {"password": "pat-2"}}}
    vault.change(TOWN_ID, lambda _: TownSecret(newer))

    given = credentials.for_rig(work, vault, world.container_claims, RIG_ID)
    assert given == {"git": {"username": "x-access-token", "password": "pat-2"}}


def test_a_run_that_is_not_under_way_gets_nothing() -> None:
    """Stale, ended or of an older generation: refused, and no secret is read."""
    world = an_agent_world()
    vault = a_vault({"git": {"git.example.com": GIT}})
    work = a_desk(world.town).work
    asked = world.polecat.id

    with pytest.raises(StaleDispatch):
        credentials.for_agent(work, vault, world.container_claims, asked, 0)
    with pytest.raises(StaleDispatch):
        credentials.for_agent(work, vault, container_claims(0), asked, 1)
    send_to_review(world)
    with pytest.raises(Conflict, match="ended"):
        credentials.for_agent(a_desk(world.town).work, vault, world.container_claims, asked, 1)
    with pytest.raises(NotFound):
        credentials.for_rig(work, vault, world.container_claims, "nowhere")


def test_a_broken_secret_is_refused_without_its_text() -> None:
    """An error never carries what it could not read."""
    world = an_agent_world()
    vault = a_vault()
    vault.secrets.swap(f"stack/town/{TOWN_ID}", None, "password: hunter2")

    with pytest.raises(Conflict) as refused:
        credentials.for_rig(a_desk(world.town).work, vault, world.container_claims, RIG_ID)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://GitHub.com/acme/widgets.git", "github.com"),
        ("https://user:secret@git.example.com:8443/a/b", "git.example.com:8443"),
        ("ssh://git@git.example.com/a/b", "git.example.com"),
        ("git@github.com:acme/widgets.git", "github.com"),
        ("file:///srv/git/widgets.git", None),
        ("/srv/git/widgets.git", None),
        ("C/odd:path", None),
    ],
)
def test_the_host_of_a_git_url(url: str, host: str | None) -> None:
    """Only the host that the URL names counts, without the user in it."""
    assert host == credentials.host_of(url)


@pytest.fixture
def treasury() -> Treasury:
    """A town at work on GitHub, whose integration mints tokens that are too short-lived to be remembered."""
    world = an_agent_world()
    world.town.rigs[RIG_ID].git_url = "https://github.com/acme/widgets.git"
    world.town.config.git_auth.platform_integration_id = "77"
    treasury = Treasury(town=world.town)
    treasury.installations.lifetime = timedelta(seconds=50)
    return treasury


def test_a_dispatch_costs_one_resolution_that_is_handed_on(treasury: Treasury) -> None:
    """One reading of the town's secret, one mint; git and the command line get the same token (REQ-4.12)."""
    [polecat] = treasury.town.agents.values()
    treasury.keep(env={"MODE": "fast"})
    work = a_desk(treasury.town).work

    given = credentials.for_agent(work, treasury.vault, container_claims(1), polecat.id, 1)

    assert 1 == len(treasury.installations.calls)
    assert [(f"stack/town/{TOWN_ID}", True)] == [
        read for read in treasury.secrets.reads if read[0] not in ("signing", "app")
    ]
    assert given["git"]["password"] == given["tools"]["GH_TOKEN"] == "ghs_minted_number_1_of_standard"
    assert ("town platform integration", {"MODE": "fast"}) == (given["git"]["source"], given["env"])


Use = Callable[[Treasury], str]


def at_dispatch(treasury: Treasury) -> str:
    """A run of an agent begins."""
    [polecat] = treasury.town.agents.values()
    work = a_desk(treasury.town).work
    return str(credentials.for_agent(work, treasury.vault, container_claims(1), polecat.id, 1)["git"]["password"])


def at_merge_or_setup(treasury: Treasury) -> str:
    """The platform's own work in a rig."""
    work = a_desk(treasury.town).work
    return str(credentials.for_rig(work, treasury.vault, container_claims(1), RIG_ID)["git"]["password"])


def at_the_mayors_start(treasury: Treasury) -> str:
    """What the reference's configuration header and boot configuration carry."""
    found = credentials.for_mayor(treasury.vault, treasury.town).found
    assert found is not None
    return found.value


def at_refresh(treasury: Treasury) -> str:
    """After a failure."""
    work = a_desk(treasury.town).work
    return str(credentials.renew(work, treasury.vault, container_claims(1), Renewal(rig_id=RIG_ID))["token"])


@pytest.mark.parametrize("use", [at_dispatch, at_merge_or_setup, at_the_mayors_start, at_refresh])
def test_every_use_resolves_anew(treasury: Treasury, use: Use) -> None:
    """Agents, merges, setups, the mayor, the refresh: by the live integration (REQ-4.6, 4.8)."""
    treasury.keep(git_auth={"github_token": "ghs_stored_long_ago"})

    first, second = use(treasury), use(treasury)

    assert first.startswith("ghs_minted_number_1")
    assert second.startswith("ghs_minted_number_2")


def test_a_gitlab_agent_gets_its_instance_beside_its_token(treasury: Treasury) -> None:
    """The command line of GitLab needs both."""
    treasury.town.rigs[RIG_ID].git_url = "https://git.acme.example/group/widgets.git"
    treasury.town.config.git_auth.gitlab_instance_url = "https://git.acme.example"
    treasury.keep(git_auth={"gitlab_token": "glpat-1", "gitlab_site": "https://git.acme.example"})
    [polecat] = treasury.town.agents.values()
    work = a_desk(treasury.town).work

    given = credentials.for_agent(work, treasury.vault, container_claims(1), polecat.id, 1)

    assert {"GITLAB_TOKEN": "glpat-1", "GITLAB_HOST": "https://git.acme.example"} == given["tools"]
    assert ("oauth2", "glpat-1") == (given["git"]["username"], given["git"]["password"])


def test_a_gitlab_token_of_oauth_is_named_as_one(treasury: Treasury) -> None:
    """Its command line would send it as a personal one otherwise, and be refused."""
    treasury.town.rigs[RIG_ID].git_url = "https://gitlab.com/group/widgets.git"
    pair = {"access_token": "at-1", "refresh_token": "rt-1", "client_id": "c", "client_secret": "s"}
    ends = (NOW + timedelta(hours=2)).isoformat()
    treasury.keep(git_auth={"gitlab_oauth": {**pair, "expires_at": ends}, "gitlab_site": "https://gitlab.com"})
    [polecat] = treasury.town.agents.values()

    given = credentials.for_agent(a_desk(treasury.town).work, treasury.vault, container_claims(1), polecat.id, 1)

    assert {"GITLAB_TOKEN": "at-1", "GITLAB_HOST": "https://gitlab.com", "GLAB_IS_OAUTH2": "true"} == given["tools"]
