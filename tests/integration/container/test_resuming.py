"""Going on from what an earlier run left: the newest that is there, with its open changes as they were."""

import asyncio
from pathlib import Path

import pytest

from gastown.container.resuming import Resumed
from tests.integration.container.bench_of_work import Bench, folder_of, left, wip
from tests.integration.container.remote import Bare, git
from tests.integration.container.test_saving import commit


@pytest.fixture
def bench(bare: Bare, tmp_path: Path) -> Bench:
    """The workspace of a container that will die."""
    return Bench(bare=bare, workspace=tmp_path / "first")


@pytest.fixture
def next_bench(bare: Bare, tmp_path: Path) -> Bench:
    """The workspace of the container after it."""
    return Bench(bare=bare, workspace=tmp_path / "second")


async def work(bench: Bench) -> str:
    """A commit and a change on top of it, saved; the commit."""
    record = await bench.begin("toast", 1)
    sha = commit(folder_of(record), "a.txt")
    (folder_of(record) / "a.txt").write_text("half done\n")
    (folder_of(record) / "b.txt").write_text("new\n")
    await bench.saving.save(record)
    return sha


def test_open_changes_come_back_open(bench: Bench, next_bench: Bench) -> None:
    """The next run stands at the last commit, on its own branch, with the files as they were."""

    async def story() -> tuple[str, Path, Resumed | None]:
        sha = await work(bench)
        record = await next_bench.begin("fig", 1, resume=[left("toast", 1)])
        return sha, folder_of(record), record.resumed

    sha, folder, resumed = asyncio.run(story())

    assert git("rev-parse", "HEAD", at=folder) == sha
    assert git("rev-parse", "--abbrev-ref", "HEAD", at=folder) == "gt/fig/1"
    assert git("status", "--porcelain", at=folder).split("\n") == ["M a.txt", "?? b.txt"]
    assert (folder / "a.txt").read_text() == "half done\n"
    assert resumed is not None
    assert (resumed.commits, resumed.uncommitted, resumed.left.agent_name) == (1, 2, "Toast")


def test_what_is_gone_on_from_is_safe_under_the_new_run_too(bench: Bench, next_bench: Bench) -> None:
    """The first save of the next run puts it on that run's own ref, although nothing was added."""

    async def story() -> None:
        await work(bench)
        await next_bench.saving.save(await next_bench.begin("fig", 1, resume=[left("toast", 1)]))

    asyncio.run(story())

    assert next_bench.bare.show(wip("fig", 1), "b.txt") == "new"


def test_a_push_of_the_agent_after_the_last_save_is_newer(bench: Bench, next_bench: Bench) -> None:
    """Commits on the branch that begin where the save stood win; those before it do not."""

    async def story() -> tuple[str, str | None]:
        await work(bench)
        folder = bench.workspace / "rigs/rig-1/worktrees/gt__toast__1"
        git("push", "--quiet", "origin", "HEAD:refs/heads/gt/toast/1", at=folder)
        older = await next_bench.begin("fig", 1, resume=[left("toast", 1)])
        assert older.resumed is not None
        assert older.resumed.uncommitted == 2
        git("add", "--all", at=folder)
        git("commit", "--quiet", "-m", "all of it", at=folder)
        git("push", "--quiet", "origin", "HEAD:refs/heads/gt/toast/1", at=folder)
        newer = await next_bench.begin("fig", 2, resume=[left("toast", 1)])
        return git("rev-parse", "HEAD", at=folder), newer.resumed.commit if newer.resumed else None

    pushed, found = asyncio.run(story())

    assert found == pushed


def test_the_newest_run_that_left_something_counts(bench: Bench, next_bench: Bench) -> None:
    """A run that was killed before it did anything hides nothing of the one before it."""

    async def story() -> Resumed | None:
        await work(bench)
        named = [left("nut", 1), left("toast", 1)]
        return (await next_bench.begin("fig", 1, resume=named)).resumed

    resumed = asyncio.run(story())

    assert resumed is not None
    assert resumed.left.ref == wip("toast", 1)


def test_nothing_left_is_no_obstacle(next_bench: Bench) -> None:
    """The run begins at its start point."""
    record = asyncio.run(next_bench.begin("fig", 1, resume=[left("toast", 1)]))

    assert record.resumed is None
    assert git("rev-parse", "HEAD", at=folder_of(record)) == next_bench.bare.head("main")


def test_what_the_start_point_holds_is_not_gone_back_to(bench: Bench, next_bench: Bench) -> None:
    """Work that was accepted and merged meanwhile is part of the start."""

    async def story() -> Resumed | None:
        record = await bench.begin("toast", 1)
        commit(folder_of(record), "a.txt")
        await bench.saving.save(record)
        git("push", "--quiet", "origin", "HEAD:refs/heads/main", at=folder_of(record))
        return (await next_bench.begin("fig", 1, resume=[left("toast", 1)])).resumed

    assert asyncio.run(story()) is None


def test_a_rebase_under_way_is_told(bench: Bench, next_bench: Bench) -> None:
    """The next run begins where the head was, and knows where the branch stood."""

    async def story() -> tuple[str, Resumed | None]:
        record = await bench.begin("toast", 1)
        folder = folder_of(record)
        tip = commit(folder, "a.txt")
        git("checkout", "--quiet", "--detach", "origin/main", at=folder)
        commit(folder, "b.txt")
        await bench.saving.save(record)
        return tip, (await next_bench.begin("fig", 1, resume=[left("toast", 1)])).resumed

    tip, resumed = asyncio.run(story())

    assert resumed is not None
    assert (resumed.also, resumed.commits) == (tip, 1)
