"""A town's secrets among its settings: taken in, kept in the vault alone, and never told again (design 9, row 16)."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from gastown.usecases.change_config import change_settings
from tests.support.people_door import PeopleDoor, T, people_door
from tests.support.stage import TOWN

SECRET = f"stack/town/{TOWN}"
PAT, TOKEN = "ghp_the_persons_own_token_abcd", "glpat-the-towns-own-token-wxyz"
PAIR = {
    "access_token": "an-access-token-of-gitlab-1111",
    "refresh_token": "a-refresh-token-of-gitlab-2222",
    "client_id": "client-1",
    "client_secret": "a-client-secret-3333",
}
WRONG = "white space is no token"


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town without any secret."""
    with people_door() as door:
        yield door


def kept(door: PeopleDoor) -> dict[str, Any]:
    """The town's secret as it lies in the vault."""
    value: dict[str, Any] = json.loads(door.secrets.get(SECRET)[0])
    return value


def test_secrets_go_to_one_secret_a_town_and_are_shown_by_their_ends(
    door: PeopleDoor, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of them is in the table, its journal, an answer or a log."""
    given = {
        "github_cli_pat": PAT,
        "kilocode_token": "sk-of-the-gateway-5432",
        "env_vars": {"MODEL_KEY": "sk-of-a-model-9876", "MODE": "fast"},
        "git_auth": {"gitlab_token": TOKEN, "gitlab_oauth": PAIR},
    }
    with caplog.at_level(logging.DEBUG):
        changed = door.ask("PATCH", f"{T}/config", given)
        read = door.ask("GET", f"{T}/config")

    assert (200, changed.data) == (changed.status, read.data)
    assert ("****abcd", "****wxyz", "****1111") == (
        read.data["github_cli_pat"],
        read.data["git_auth"]["gitlab_token"],
        read.data["git_auth"]["gitlab_oauth"]["access_token"],
    )
    assert {"MODEL_KEY": "****9876", "MODE": "****"} == read.data["env_vars"]
    assert ("****5432", "sk-of-the-gateway-5432") == (read.data["kilocode_token"], kept(door)["kilocode_token"])
    assert (PAT, "sk-of-a-model-9876") == (kept(door)["github_cli_pat"], kept(door)["env"]["MODEL_KEY"])
    everywhere = str((changed.body, read.body, door.store.live, door.store.rows, door.directory.towns, caplog.text))
    for secret in (
        PAT,
        TOKEN,
        "sk-of-a-model-9876",
        "sk-of-the-gateway-5432",
        *(PAIR[name] for name in PAIR if name != "client_id"),
    ):
        assert secret not in everywhere


def test_what_was_shown_keeps_what_is_stored_when_it_comes_back(door: PeopleDoor) -> None:
    """A dashboard saves the whole form; only what was typed anew changes (source-control facts, 2.2)."""
    door.ask("PATCH", f"{T}/config", {"github_cli_pat": PAT, "env_vars": {"A": "a-long-enough-value", "B": "2"}})
    shown = door.ask("GET", f"{T}/config").data
    door.ask(
        "PATCH", f"{T}/config", {"github_cli_pat": shown["github_cli_pat"], "env_vars": {**shown["env_vars"], "C": "3"}}
    )

    assert PAT == kept(door)["github_cli_pat"]
    assert {"A": "a-long-enough-value", "B": "2", "C": "3"} == kept(door)["env"]


def test_named_tokens_are_merged_and_variables_replaced_as_a_whole(door: PeopleDoor) -> None:
    """Null or an empty text deletes."""
    door.ask(
        "PATCH", f"{T}/config", {"git_auth": {"github_token": "ghs_1", "gitlab_token": TOKEN}, "env_vars": {"A": "1"}}
    )
    door.ask("PATCH", f"{T}/config", {"git_auth": {"github_token": None}, "env_vars": {"B": "2"}})
    assert ({"B": "2"}, TOKEN) == (kept(door)["env"], kept(door)["git_auth"]["gitlab_token"])
    assert "github_token" not in kept(door)["git_auth"]

    door.ask("PATCH", f"{T}/config", {"git_auth": {"gitlab_token": ""}, "env_vars": {}})
    assert {} == kept(door)


def test_an_older_towns_variables_move_into_its_secret(door: PeopleDoor) -> None:
    """The next change of any setting takes them out of the table."""
    door.change(lambda town, _: town.config.env_vars.update({"OLD": "kept-in-the-settings"}))
    door.ask("PATCH", f"{T}/config", {"max_polecats_per_rig": 3})

    assert {"OLD": "kept-in-the-settings"} == kept(door)["env"]
    assert {} == door.town.config.env_vars
    assert "kept-in-the-settings" not in str(door.store.live)


def test_tokens_do_not_follow_an_address_to_another_host(door: PeopleDoor) -> None:
    """Who changes the instance has to give its tokens anew, in the same request or before."""
    door.ask("PATCH", f"{T}/config", {"git_auth": {"gitlab_token": TOKEN}})
    moved = {"gitlab_instance_url": "https://git.evil.example"}
    refused = door.ask("PATCH", f"{T}/config", {"git_auth": moved})
    assert (400, "git_auth.gitlab_instance_url") == (refused.status, ".".join(refused.body["issues"][0]["path"]))
    assert (TOKEN, None) == (kept(door)["git_auth"]["gitlab_token"], door.town.config.git_auth.gitlab_instance_url)

    assert 200 == door.ask("PATCH", f"{T}/config", {"git_auth": {**moved, "gitlab_token": "glpat-another"}}).status
    assert "https://git.evil.example" == kept(door)["git_auth"]["gitlab_site"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"github_cli_pat": WRONG}, "github_cli_pat"),
        ({"git_auth": {"github_token": WRONG}}, "git_auth.github_token"),
        ({"git_auth": {"gitlab_oauth": {"client_id": "c"}}}, "git_auth.gitlab_oauth.refresh_token"),
        ({"git_auth": {"gitlab_oauth": {"refresh_token": "r"}}}, "git_auth.gitlab_oauth.client_id"),
        ({"git_auth": {"gitlab_instance_url": "http://git.acme.example"}}, "git_auth.gitlab_instance_url"),
        ({"git_auth": {"gitlab_instance_url": "https://me:secret@git.acme.example"}}, "git_auth.gitlab_instance_url"),
        ({"git_auth": {"platform_integration_id": "../1"}}, "git_auth.platform_integration_id"),
        ({"git_auth": {"nonsense": "x"}}, "git_auth.nonsense"),
        ({"env_vars": {"GH_TOKEN": "mine"}}, "env_vars"),
        ({"env_vars": {"GASTOWN_ANYTHING": "mine"}}, "env_vars"),
        ({"env_vars": {f"A{number}": "x" * 8_000 for number in range(8)}}, "env_vars"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(door: PeopleDoor, body: dict[str, Any], field: str) -> None:
    """The field is named, what it held is not repeated."""
    version = door.town.version
    answer = door.ask("PATCH", f"{T}/config", body)

    assert 400 == answer.status
    assert ".".join(map(str, answer.body["issues"][0]["path"])).startswith(field)
    assert not [text for text in (WRONG, "secret@", "mine") if text in str(answer.body)]
    assert (version, {}) == (door.town.version, door.secrets.values.get(SECRET, {}))


def test_operators_store_no_secrets(door: PeopleDoor) -> None:
    """Theirs is another door, without the right to write the vault."""
    answer = door.ask("PATCH", f"/debug/towns/{TOWN}/config", {"github_cli_pat": PAT})

    assert 400 == answer.status
    assert SECRET not in door.secrets.values


def test_the_end_of_a_pair_may_come_along_and_stays_while_its_token_does(door: PeopleDoor) -> None:
    """A new access token without one is as old as can be."""
    ends = (door.now + timedelta(hours=2)).isoformat()
    door.ask("PATCH", f"{T}/config", {"git_auth": {"gitlab_oauth": {**PAIR, "expires_at": ends}}})
    shown = door.ask("GET", f"{T}/config").data["git_auth"]["gitlab_oauth"]
    door.ask("PATCH", f"{T}/config", {"git_auth": {"gitlab_oauth": {**shown, "expires_at": None}}})
    assert ends == kept(door)["git_auth"]["gitlab_oauth"]["expires_at"]

    door.ask("PATCH", f"{T}/config", {"git_auth": {"gitlab_oauth": {**PAIR, "access_token": "another"}}})
    assert kept(door)["git_auth"]["gitlab_oauth"]["expires_at"] is None


def test_two_changes_at_the_same_moment_lose_no_secret(door: PeopleDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one is made whole between the first one's reading of the secret and its writing."""
    door.ask("PATCH", f"{T}/config", {"env_vars": {"A": "1"}})
    read, others = door.secrets.get, [{"kilocode_token": "sk-of-the-gateway-5432", "git_auth": {"github_token": TOKEN}}]

    def get(secret_id: str, *, fresh: bool = False) -> tuple[str, ...]:
        seen = read(secret_id, fresh=fresh)
        if secret_id == SECRET and others:
            change_settings(door.uow, door.vault, TOWN, others.pop(), "somebody else")
        return seen

    monkeypatch.setattr(door.secrets, "get", get)
    answer = door.ask("PATCH", f"{T}/config", {"github_cli_pat": PAT})

    found = kept(door)
    assert ([], 200, "****5432") == (others, answer.status, answer.data["kilocode_token"])
    assert (PAT, "sk-of-the-gateway-5432", {"A": "1"}) == (
        found["github_cli_pat"],
        found["kilocode_token"],
        found["env"],
    )
    assert TOKEN == found["git_auth"]["github_token"]


def test_a_secret_that_others_change_all_the_time_is_told_and_kept(
    door: PeopleDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded: come back in a second; nothing of the change is made."""
    read, count = door.secrets.get, iter(range(1_000))

    def get(secret_id: str, *, fresh: bool = False) -> tuple[str, ...]:
        door.secrets.put(SECRET, json.dumps({"kilocode_token": f"sk-number-{next(count)}"}))
        seen = read(secret_id, fresh=fresh)
        door.secrets.put(SECRET, json.dumps({"kilocode_token": f"sk-number-{next(count)}"}))
        return seen

    version = door.town.version
    with monkeypatch.context() as patched:
        patched.setattr(door.secrets, "get", get)
        answer = door.ask("PATCH", f"{T}/config", {"github_cli_pat": PAT, "default_model": "m"})

    assert (503, version) == (answer.status, door.town.version)
    assert ["kilocode_token"] == list(kept(door))
