"""Where an agent begins: the sha or branch it is given, or the base; a refinery at the sha it reviews."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gastown.container.payloads import Cause, GitCredentials, StartPayload
from gastown.container.places import Places
from gastown.container.refusals import RefusedError
from gastown.container.repositories import Repositories
from gastown.container.worktrees import Worktrees
from tests.integration.container.remote import Bare, git


async def no_credentials(_failed: GitCredentials | None) -> GitCredentials | None:
    """A rig that needs none."""
    return None


def make(bare: Bare, tmp_path: Path, **changes: Any) -> Path:
    """A worktree for a start with these changes."""
    repositories = Repositories(places=Places(workspace=tmp_path / "workspace"), account=None)
    worktrees = Worktrees(repositories=repositories, account=None)
    start = StartPayload.model_validate(bare.start("toast", 7)["payload"] | changes)

    async def refresh_and_make() -> Path:
        await repositories.refresh(start.rig, no_credentials)
        place = await worktrees.make(start, dispatch=7, provider=no_credentials)
        return place.folder

    return asyncio.run(refresh_and_make())


def test_a_known_sha_is_where_work_goes_on(bare: Bare, tmp_path: Path) -> None:
    """The branch of the dispatch is made at the last accepted sha."""
    sha = bare.push("gt/fig/1", "a.txt", "a\n")
    bare.push("gt/fig/1", "b.txt", "b\n", start="origin/gt/fig/1")

    folder = make(bare, tmp_path, start_point=sha)

    assert git("rev-parse", "HEAD", at=folder) == sha
    assert git("rev-parse", "--abbrev-ref", "HEAD", at=folder) == "gt/toast/7"
    assert folder.name == "gt__toast__7"


@pytest.mark.parametrize("wish", ["feature", "origin/feature"])
def test_a_branch_is_taken_from_the_remote(bare: Bare, tmp_path: Path, wish: str) -> None:
    """With or without the remote's name before it."""
    sha = bare.push("feature", "a.txt", "a\n")

    assert git("rev-parse", "HEAD", at=make(bare, tmp_path, start_point=wish)) == sha


@pytest.mark.parametrize("wish", ["convoy/not-there-yet/head", "f" * 40, None])
def test_what_is_unknown_begins_at_the_base(bare: Bare, tmp_path: Path, wish: str | None) -> None:
    """A feature branch that does not exist yet, a lost sha, no wish."""
    assert git("rev-parse", "HEAD", at=make(bare, tmp_path, start_point=wish)) == bare.head("main")


def test_a_refinery_stands_at_the_sha_under_review(bare: Bare, tmp_path: Path) -> None:
    """Detached, so that it shares no branch with anybody."""
    sha = bare.push("gt/fig/1", "a.txt", "a\n")
    review = {"id": "r", "branch": "gt/fig/1", "sha": sha, "target_branch": "main"}
    agent = {"id": "toast", "name": "Toast", "role": "refinery"}

    folder = make(bare, tmp_path, agent=agent, review=review)

    assert git("rev-parse", "HEAD", at=folder) == sha
    assert git("rev-parse", "--abbrev-ref", "HEAD", at=folder) == "HEAD"


def test_a_review_of_an_unknown_sha_is_refused(bare: Bare, tmp_path: Path) -> None:
    """Reviewing something else instead would approve what nobody looked at."""
    review = {"id": "r", "branch": "gt/fig/1", "sha": "f" * 40, "target_branch": "main"}
    agent = {"id": "toast", "name": "Toast", "role": "refinery"}

    with pytest.raises(RefusedError) as caught:
        make(bare, tmp_path, agent=agent, review=review)

    assert caught.value.cause is Cause.INVALID


def test_the_remote_in_a_worktree_is_the_rigs_own(bare: Bare, tmp_path: Path) -> None:
    """An agent fetches from and pushes to the real remote by the name `origin`."""
    folder = make(bare, tmp_path)

    assert git("remote", "get-url", "origin", at=folder) == str(bare.path)
    git("push", "--quiet", "origin", "HEAD:refs/heads/gt/toast/7", at=folder)
    assert bare.head("gt/toast/7") == bare.head("main")
