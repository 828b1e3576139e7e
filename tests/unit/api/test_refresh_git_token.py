"""`refresh-git-token`: who may ask, for which rig, and that what just failed does not come back (REQ-4.9, 4.10)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from gastown import bootstrap
from gastown.domain.ids import Moment, RigId
from gastown.domain.town import Town
from gastown.ports.installation_tokens import MintFailure, MintRefused
from gastown.usecases import tokens
from gastown.usecases.git_tokens import fingerprint
from tests.support.agent_world import NOW, RIG_ID, SECRETS, TOWN_ID, an_agent_world
from tests.support.agents_door import Door, R, T, open_door
from tests.support.vaults import Treasury, a_rig

PATH = f"{R}/refresh-git-token"
MINTED = "ghs_minted_number_{}_of_standard"


@dataclass(frozen=True, kw_only=True)
class Counter:
    """The door, and the vault behind it."""

    door: Door
    treasury: Treasury


@pytest.fixture
def counter() -> Iterator[Counter]:
    """A town whose rig lies on GitHub, whose integration mints, and which stored nothing."""
    world = an_agent_world()
    world.town.config.git_auth.platform_integration_id = "77"
    world.town.rigs[RIG_ID].git_url = "https://github.com/acme/widgets.git"
    treasury = Treasury(town=world.town)
    for door in open_door(world):
        with bootstrap.replace(vault=treasury.vault, secrets=treasury.secrets):
            yield Counter(door=door, treasury=treasury)


def test_a_container_gets_a_token_for_its_rigs_own_repository(counter: Counter) -> None:
    """With its user, its source and its end."""
    status, answer = counter.door.ask("POST", PATH, counter.door.container, {})

    expires_at = "2026-01-02T04:04:05.000Z"
    assert (200, "town platform integration") == (status, answer["data"]["source"])
    assert (MINTED.format(1), "x-access-token", expires_at) == (
        answer["data"]["token"],
        answer["data"]["username"],
        answer["data"]["expires_at"],
    )
    assert [("77", "acme/widgets", "standard")] == counter.treasury.installations.calls


def test_each_answer_was_minted_for_it(counter: Counter) -> None:
    """What the town remembers is for those who start, not for those whose token did not work."""
    given = [counter.door.ask("POST", PATH, counter.door.container, {})[1]["data"]["token"] for _ in range(2)]

    assert [MINTED.format(1), MINTED.format(2)] == given


def test_a_token_that_just_failed_does_not_come_back(counter: Counter) -> None:
    """It is named by its digest; the next source is taken, and in the end there is none."""
    counter.treasury.installations.refusal = MintRefused(why=MintFailure.DENIED)
    counter.treasury.keep(github_cli_pat="ghp_one", git_auth={"github_token": "ghs_two"})
    asked = [{"failed": fingerprint(token)} for token in ("none", "ghp_one", "ghs_two")]
    first, second, _ = (counter.door.ask("POST", PATH, counter.door.container, body)[1]["data"] for body in asked)
    assert ("ghp_one", "ghs_two") == (first["token"], second["token"])

    counter.treasury.keep(git_auth={"github_token": "ghs_two"})
    status, answer = counter.door.ask("POST", PATH, counter.door.container, {"failed": fingerprint("ghs_two")})
    assert (404, True) == (status, "`town.git_auth.github_token (just failed)`" in answer["error"])


@pytest.mark.parametrize(
    ("git_url", "repository"),
    [
        ("git@github.com:acme/repo.with.dots.git", "acme/repo.with.dots"),
        ("ssh://git@github.com/acme/repo.with.dots", "acme/repo.with.dots"),
        ("https://github.com/acme/repo.with.dots.git", "acme/repo.with.dots"),
    ],
)
def test_the_token_is_for_the_rigs_own_repository_by_its_own_integration(
    counter: Counter, git_url: str, repository: str
) -> None:
    """Names with dots and the SSH form are read whole; another rig's installation is not used (REQ-4.10)."""
    treasury = counter.treasury
    mine, other = a_rig(git_url, "rig-mine"), a_rig("https://github.com/acme/other.git", "rig-other")
    mine.overrides.platform_integration_id, other.overrides.platform_integration_id = "12", "13"
    treasury.installations.reach = {"12": {repository}, "13": {"acme/other", repository}}

    def move_in(town: Town, _: Moment) -> None:
        town.config.git_auth.platform_integration_id = None
        town.rigs |= {mine.id: mine, other.id: other}

    counter.door.desk.work.change(TOWN_ID, move_in, actor="t", cause="t")
    status, _ = counter.door.ask("POST", f"{T}/rigs/rig-mine/refresh-git-token", counter.door.container, {})

    assert (200, [("12", repository, "standard")]) == (status, treasury.installations.calls)


def nobody(_: Counter) -> str | None:
    """No token."""
    return None


def a_forger(_: Counter) -> str:
    """A token that somebody else signed."""
    return tokens.mint_container(
        ("another-secret-that-is-long-enough-for-hs256",), town_id=TOWN_ID, generation=1, now=NOW
    )


def an_agent(counter: Counter) -> str:
    """An agent of the rig, which is no container."""
    return counter.door.polecat


def a_late_one(_: Counter) -> str:
    """A container's token that has expired."""
    return tokens.mint_container(SECRETS, town_id=TOWN_ID, generation=1, now=NOW - timedelta(days=3))


def a_neighbour(_: Counter) -> str:
    """The container of another town."""
    return tokens.mint_container(SECRETS, town_id="another-town", generation=1, now=NOW)


def an_older_one(_: Counter) -> str:
    """A container that was replaced."""
    return tokens.mint_container(SECRETS, town_id=TOWN_ID, generation=0, now=NOW)


@pytest.mark.parametrize(
    ("caller", "status"),
    [(nobody, 401), (a_forger, 401), (an_agent, 401), (a_late_one, 401), (a_neighbour, 403), (an_older_one, 409)],
)
def test_whoever_is_not_the_towns_present_container_gets_nothing(
    counter: Counter, caller: Callable[[Counter], str | None], status: int
) -> None:
    """And no token is minted for them."""
    code, answer = counter.door.ask("POST", PATH, caller(counter), {})

    assert (status, False) == (code, answer["success"])
    assert [] == counter.treasury.installations.calls


def test_an_unknown_rig_is_not_found(counter: Counter) -> None:
    """404, as for a rig without any token."""
    assert 404 == counter.door.ask("POST", f"{T}/rigs/nowhere/refresh-git-token", counter.door.container, {})[0]

    counter.treasury.installations.refusal = MintRefused(why=MintFailure.DENIED)
    status, answer = counter.door.ask("POST", PATH, counter.door.container, {})
    assert (404, True) == (status, "tried in order: `town.github_cli_pat`" in answer["error"])


def test_without_the_signing_secret_it_is_our_fault(counter: Counter) -> None:
    """500, and nothing about why."""
    container = counter.door.container
    counter.treasury.secrets.delete("signing")
    status, answer = counter.door.ask("POST", PATH, container, {})

    assert (500, {"success": False, "error": "Internal server error"}) == (status, answer)


@pytest.mark.parametrize("body", [{"failed": "not a digest"}, {"failed": 7}, ["x"]])
def test_a_body_that_makes_no_sense_is_refused(counter: Counter, body: object) -> None:
    """400, and nothing is minted."""
    assert 400 == counter.door.ask("POST", PATH, counter.door.container, body)[0]  # type: ignore[arg-type]
    assert [] == counter.treasury.installations.calls


def test_a_rig_on_another_host_gets_its_own_password(counter: Counter) -> None:
    """Which is neither a provider's token nor another host's."""
    hosts = {"git.example.com": {"username": "bot", "password": "pw"}, "other.example.com": {"password": "no"}}
    counter.treasury.keep(git=hosts, github_cli_pat="ghp_one")
    elsewhere = a_rig("https://git.example.com/a/b.git", "elsewhere")
    counter.door.desk.work.change(
        TOWN_ID, lambda town, _: town.rigs.update({RigId("elsewhere"): elsewhere}), actor="t", cause="t"
    )
    status, answer = counter.door.ask("POST", f"{T}/rigs/elsewhere/refresh-git-token", counter.door.container, {})

    assert (200, "bot", "pw") == (status, answer["data"]["username"], answer["data"]["token"])
