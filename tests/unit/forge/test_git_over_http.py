"""Clones and pushes use the same tokens as the APIs, with git's own client."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.forge.repository import ENVIRONMENT, signed
from tests.support.forge.scene import Scene

PUSHER = ENVIRONMENT | signed(("agent", "agent@example.com"))


def git(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run git as an agent's machine would."""
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=PUSHER, capture_output=True, text=True, timeout=15, check=False
    )


def clone(scene: Scene, place: Path, token: str, user: str = "x-access-token") -> subprocess.CompletedProcess[str]:
    """Clone the scene's project."""
    return git("clone", "--quiet", scene.forge.git_url(scene.path, user, token), str(place))


def push(place: Path, branch: str, text: str) -> subprocess.CompletedProcess[str]:
    """Change a file, commit and push."""
    (place / "agent.txt").write_text(text)
    git("add", "--all", folder=place)
    git("commit", "--quiet", "--message", "Work", folder=place)
    return git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", folder=place)


def test_a_push_moves_the_head_of_the_open_request(scene: Scene, tmp_path: Path) -> None:
    """And the request shows the new sha at once."""
    assert 0 == clone(scene, tmp_path / "work", scene.token).returncode
    git("checkout", "--quiet", "feature", folder=tmp_path / "work")
    assert 0 == push(tmp_path / "work", "feature", "work\n").returncode

    head = git("rev-parse", "HEAD", folder=tmp_path / "work").stdout.strip()
    assert head == scene.call("GET", scene.github).json()["head"]["sha"]
    assert head != scene.sha


def test_a_big_push_arrives_whole(scene: Scene, tmp_path: Path) -> None:
    """Above a megabyte git sends in chunks."""
    clone(scene, tmp_path / "work", scene.token)
    text = "".join(f"{number * 7919 % 1000003} {number**3}\n" for number in range(200_000))
    assert 0 == push(tmp_path / "work", "big", text).returncode

    assert text.strip() == scene.forge.world.projects[scene.path].repository.git("show", "big:agent.txt")


def test_an_expired_token_cannot_fetch(scene: Scene, tmp_path: Path) -> None:
    """A real 401, in git's own words."""
    short = scene.forge.steer.add_token(expires_in=60)
    assert 0 == clone(scene, tmp_path / "first", short).returncode
    scene.forge.steer.expire_token(short)
    refused = clone(scene, tmp_path / "second", short)

    assert refused.returncode
    assert "Authentication failed" in refused.stderr
    assert 401 in [entry.status for entry in scene.forge.journal.seen(path="info/refs")]


@pytest.mark.parametrize("more", [{"permissions": {"contents": "read"}}, {"scopes": ["read_repository"]}])
def test_a_token_that_only_reads_cannot_push(scene: Scene, tmp_path: Path, more: dict[str, Any]) -> None:
    """It clones, and its push is 403."""
    reader = scene.forge.steer.add_token(**more)
    assert 0 == clone(scene, tmp_path / "work", reader).returncode
    refused = push(tmp_path / "work", "other", "work\n")

    assert refused.returncode
    assert "403" in refused.stderr


def test_a_token_of_another_project_finds_nothing(scene: Scene, tmp_path: Path) -> None:
    """404, which git calls not found."""
    refused = clone(scene, tmp_path / "work", scene.forge.steer.add_token(projects=["acme/other"]))

    assert "not found" in refused.stderr


def test_an_oauth_token_belongs_to_the_user_oauth2(scene: Scene, tmp_path: Path) -> None:
    """As GitLab's document says; under another name it is refused."""
    token = scene.forge.steer.grant()["access_token"]

    assert clone(scene, tmp_path / "other", token, user="somebody").returncode
    assert 0 == clone(scene, tmp_path / "work", token, user="oauth2").returncode


def test_a_merge_can_be_pulled(scene: Scene, tmp_path: Path) -> None:
    """What the API merged is what a clone has."""
    scene.call("PUT", f"{scene.github}/merge", json={"merge_method": "squash"})
    clone(scene, tmp_path / "work", scene.token)

    assert "one view\n" == (tmp_path / "work" / "feature.txt").read_text()
