"""Tokens of the live integration end in the middle of the work, and nothing fails of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.forge_app import ForgeApp
from tests.e2e.forge_story import ForgeStory
from tests.e2e.story import wait_until, writes

pytestmark = pytest.mark.e2e
Begin = Callable[..., ForgeStory]
ALONE = {"code_review": False, "auto_merge_delay_minutes": 0}


def integrated(begin: Begin, app: ForgeApp, **config: object) -> ForgeStory:
    """A town without any token of a person, whose repository the App is installed on."""
    story = begin(refinery=ALONE, **config)
    number = app.install(story.project)
    known = {"github_cli_pat": None, "git_auth": {"platform_integration_id": number}}
    story.api.call("PATCH", f"/api/towns/{story.town_id}/config", known)
    return story


def until_open(gate: Path) -> str:
    """What the demo agent is told: write a file once the test lets it."""
    return f"```demo\nrun while [ ! -e {gate} ]; do sleep 0.2; done\nwrite one.txt\n  one\n```\n"


def test_tokens_that_end_in_mid_run_are_minted_anew(on_forge: Begin, app: ForgeApp, tmp_path: Path) -> None:
    """Once while the agent works, once while its request is watched: pushed, looked at, merged, and nobody was told."""
    story = integrated(on_forge, app)
    story.forge.steer.set_rules(story.project, required_approvals=1)
    gate = tmp_path / "go"
    bead = story.sling("Write one", until_open(gate))
    assert wait_until(story.is_at_work), story.api.call("GET", f"{story.rig}/agents")
    assert 1 <= story.forge.steer.expire_all("installation")
    gate.touch()

    story.wait_for_request()
    awaiting = lambda: story.reviews()[-1]["metadata"]["pull_request"]["awaiting_approval_since"]  # noqa: E731
    assert story.pass_time(3, until=awaiting), story.told()
    assert 1 <= story.forge.steer.expire_all("installation")
    story.forge.steer.review(story.project, 1, "APPROVED")

    assert story.pass_time(5, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    watch = story.reviews()[-1]["metadata"]["pull_request"]
    assert ("town platform integration", None, 0) == (
        watch["credential_source"],
        watch["poll_error_kind"],
        watch["poll_transient_count"],
    )
    assert (1, "one") == (len(story.reviews()), story.file("one.txt"))
    assert [] == story.events("pr_poll_failed")


def test_a_revoked_installation_ends_the_review_with_every_source_that_was_tried(
    on_forge: Begin, app: ForgeApp
) -> None:
    """Its token is refused and no other is left: the first look says so, source by source (REQ-4.5, 5.2, 5.11)."""
    story = integrated(on_forge, app)
    story.forge.steer.set_rules(story.project, required_approvals=1)
    story.sling("Write one", "```demo\nwrite one.txt\n  one\n```\n")
    story.wait_for_request()
    number = story.api.call("GET", f"/api/towns/{story.town_id}/config")["git_auth"]["platform_integration_id"]
    story.forge.steer.uninstall("4711", int(number))
    story.forge.steer.expire_all("installation")

    assert story.pass_time(3, until=lambda: story.events("pr_poll_failed") != []), story.told()
    said = story.events("pr_poll_failed")[0]["metadata"]["said"]
    order = ["town.github_cli_pat", "town platform integration (no such installation)", "town.git_auth.github_token"]
    assert sorted(order, key=said.find) == order
    assert -1 not in [said.find(source) for source in order]


def test_a_pair_of_gitlab_is_renewed_before_it_ends(on_forge: Begin) -> None:
    """An instance of one's own, no access token: exchanged once, stored for the next use, and used for all the work."""
    story = on_forge(provider="gitlab", refinery=ALONE)
    story.forge.steer.add_client("client-of-a-story", "its-secret")
    granted = story.forge.steer.grant()
    story.forge.steer.expire_token(granted["access_token"])
    pair = {name: granted[name] for name in ("access_token", "refresh_token")}
    pair |= {"client_id": "client-of-a-story", "client_secret": "its-secret", "expires_at": "2026-01-02T03:04:05Z"}
    path = f"/api/towns/{story.town_id}/config"
    story.api.call("PATCH", path, {"git_auth": {"gitlab_token": None, "gitlab_oauth": pair}})
    story.forge.steer.clear_journal()
    bead = story.sling("Write one", writes("one.txt", "one"))

    assert story.pass_time(6, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    watch = story.reviews()[-1]["metadata"]["pull_request"]
    assert ("town.git_auth.gitlab_oauth", "one") == (watch["credential_source"], story.file("one.txt"))
    exchanges = [entry for entry in story.forge.steer.journal() if entry["path"] == "/oauth/token"]
    assert [200] == [entry["status"] for entry in exchanges]
    shown = story.api.call("GET", path)["git_auth"]["gitlab_oauth"]
    assert f"****{pair['access_token'][-4:]}" != shown["access_token"]
    assert shown["expires_at"] > pair["expires_at"]
