"""Cleaning: a worktree goes when its work is safe and not before; refs go when their bead has ended."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gastown.container import cleaning as cleaning_module
from gastown.container.cleaning import Cleaning
from gastown.container.town_client import TownClient
from tests.integration.container.bench_of_work import Bench, folder_of, left, no_credentials, wip
from tests.integration.container.remote import Bare, git
from tests.integration.container.test_saving import commit


class Town:
    """Says which refs are over, as far as the test is concerned: those of Toast."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ended_work(self, _rig_id: str, refs: Sequence[str]) -> list[str]:
        """Answer and remember the question."""
        self.asked = list(refs)
        return [ref for ref in refs if "/toast/" in ref]


@pytest.fixture
def bench(bare: Bare, tmp_path: Path) -> Bench:
    """A container's workspace."""
    return Bench(bare=bare, workspace=tmp_path / "workspace")


def cleaner(bench: Bench, town: Town | None = None) -> Cleaning:
    """What cleans up in it."""
    client = cast("TownClient", town or Town())
    return Cleaning(client=client, saving=bench.saving, worktrees=bench.worktrees)


def test_a_worktree_is_saved_and_then_removed(bench: Bench) -> None:
    """What the agent had not pushed is on the remote before the folder goes."""

    async def story() -> Path:
        record = await bench.begin("toast", 1)
        folder = folder_of(record)
        (folder / "open.txt").write_text("open\n")
        await cleaner(bench).clean(record)
        return folder

    assert not asyncio.run(story()).exists()
    assert bench.bare.show(wip("toast", 1), "open.txt") == "open"


def test_a_worktree_whose_work_is_nowhere_else_is_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the remote away it stays, and a newer run on the same branch takes nothing from it; later it goes."""
    monkeypatch.setattr(cleaning_module, "LEAST_FREE", 0.0)

    async def story() -> str:
        record, clean = await bench.begin("toast", 1), cleaner(bench)
        folder = folder_of(record)
        sha = commit(folder, "a.txt")
        bench.bare.path.rename(bench.bare.path.with_suffix(".away"))
        await clean.clean(record)
        assert (folder.exists(), clean.kept) == (True, [record])
        bench.bare.path.with_suffix(".away").rename(bench.bare.path)
        again = await bench.begin("toast", 1)
        assert folder_of(again) != folder
        assert git("rev-parse", "HEAD", at=folder) == sha
        await clean.retry()
        assert (folder.exists(), clean.kept) == (False, [])
        return sha

    with caplog.at_level("INFO", logger="gastown.container"):
        sha = asyncio.run(story())

    assert sha in git("rev-list", wip("toast", 1), at=bench.bare.path).split()
    assert [record.fields["kept"] for record in caplog.records if record.message == "worktree.kept"] == [1]  # type: ignore[attr-defined]


def test_a_full_disk_takes_the_oldest_kept_worktree(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said in the log that work is lost; the newer one stays."""
    free = iter([50, 5, 5, 50])
    monkeypatch.setattr(
        "gastown.container.cleaning.shutil.disk_usage", lambda _: SimpleNamespace(free=next(free), total=100)
    )

    async def story() -> list[bool]:
        records, clean = [await bench.begin(name, 1) for name in ("toast", "fig")], cleaner(bench)
        folders = [folder_of(record) for record in records]
        for folder in folders:
            commit(folder, "a.txt")
        bench.bare.path.rename(bench.bare.path.with_suffix(".away"))
        for record in records:
            await clean.clean(record)
        return [folder.exists() for folder in folders]

    with caplog.at_level("INFO", logger="gastown.container"):
        exist = asyncio.run(story())

    assert exist == [False, False]
    assert [record.message for record in caplog.records].count("work.lost") == 2


def test_a_container_that_only_merges_sweeps_too(bench: Bench, tmp_path: Path) -> None:
    """The last refs of a bead go although no agent ever worked in this container."""
    other = Bench(bare=bench.bare, workspace=tmp_path / "other")

    async def story() -> None:
        record = await bench.begin("toast", 1)
        commit(folder_of(record), "a.txt")
        await bench.saving.save(record)
        await other.repositories.refresh(other.bare.rig, no_credentials)
        await cleaner(other).sweep()

    asyncio.run(story())

    assert bench.bare.at(wip("toast", 1)) is None


def test_refs_of_ended_beads_are_swept(bench: Bench) -> None:
    """The town says which; all others stay, and a remote without any asks nobody."""
    town = Town()

    async def story() -> None:
        clean = cleaner(bench, town)
        for name in ("toast", "fig"):
            record = await bench.begin(name, 1)
            commit(folder_of(record), "a.txt")
            await bench.saving.save(record)
        await clean.sweep()
        assert town.asked == [wip("fig", 1), wip("toast", 1)]

    asyncio.run(story())

    assert bench.bare.at(wip("toast", 1)) is None
    assert bench.bare.at(wip("fig", 1)) is not None
    assert left("fig", 1)["ref"] == wip("fig", 1)
