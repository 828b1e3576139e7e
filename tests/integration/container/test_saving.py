"""Saving an agent's work: all of it, without a trace in its worktree, and only if there is something new."""

import asyncio
from pathlib import Path

import pytest

from gastown.container import snapshots
from gastown.container.git import GitError
from gastown.container.roster import Record
from gastown.container.snapshots import choose
from tests.integration.container.bench_of_work import Bench, folder_of, wip
from tests.integration.container.remote import Bare, git


@pytest.fixture
def bench(bare: Bare, tmp_path: Path) -> Bench:
    """A workspace over the bare repository."""
    bare.push("main", ".gitignore", "*.log\n", start="main")
    bare.push("main", "kept.txt", "before\n", start="main")
    bare.push("main", "gone.txt", "before\n", start="main")
    return Bench(bare=bare, workspace=tmp_path / "workspace")


def change_everything(folder: Path) -> None:
    """One change of each kind: staged, not staged, deleted, untracked, ignored."""
    (folder / "kept.txt").write_text("changed\n")
    (folder / "gone.txt").unlink()
    (folder / "staged.txt").write_text("staged\n")
    git("add", "staged.txt", at=folder)
    (folder / "new").mkdir()
    (folder / "new" / "ünder the sea.txt").write_text("untracked\n")
    (folder / "noise.log").write_text("ignored\n")


def test_a_save_holds_every_change_and_leaves_no_trace(bench: Bench) -> None:
    """The ref has all but what is ignored; index, branch, refs and status of the worktree are as before."""

    async def story() -> Record:
        record = await bench.begin("toast", 1)
        folder = folder_of(record)
        change_everything(folder)
        before = seen(folder)
        await bench.saving.save(record)
        assert seen(folder) == before
        return record

    record = asyncio.run(story())

    files = git("-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", wip("toast", 1), at=bench.bare.path)
    assert files.split("\n") == [".gitignore", "README", "kept.txt", "new/ünder the sea.txt", "staged.txt"]
    assert bench.bare.show(wip("toast", 1), "kept.txt") == "changed"
    assert record.saved_sha == bench.bare.at(wip("toast", 1))
    assert git("rev-parse", f"{wip('toast', 1)}^", at=bench.bare.path) == bench.bare.head("main")


def seen(folder: Path) -> tuple[object, ...]:
    """What an agent sees of its worktree: index, status, head and refs."""
    index = Path(git("rev-parse", "--git-path", "index", at=folder))
    status = git("--no-optional-locks", "status", "--porcelain", at=folder)
    written = (index.read_bytes(), index.stat().st_mtime_ns)
    return (*written, status, git("rev-parse", "HEAD", at=folder), git("for-each-ref", at=folder))


def test_nothing_new_is_not_pushed_again(bench: Bench) -> None:
    """A second look at the same files makes no commit and speaks to nobody."""

    async def story() -> None:
        record = await bench.begin("toast", 1)
        change_everything(folder_of(record))
        await bench.saving.save(record)
        bench.bare.path.rename(bench.bare.path.with_suffix(".away"))
        await bench.saving.save(record)
        (folder_of(record) / "kept.txt").write_text("again\n")
        with pytest.raises(GitError):
            await bench.saving.save(record)
        bench.bare.path.with_suffix(".away").rename(bench.bare.path)
        await bench.saving.save(record)

    asyncio.run(story())

    assert bench.bare.show(wip("toast", 1), "kept.txt") == "again"


def test_an_agent_that_pushes_itself_needs_no_ref(bench: Bench) -> None:
    """Nothing done, and everything pushed to its branch: both are safe as they are."""

    async def story() -> Record:
        record = await bench.begin("toast", 1)
        await bench.saving.save(record)
        assert bench.bare.at(wip("toast", 1)) is None
        commit(folder_of(record), "a.txt")
        git("push", "--quiet", "origin", "HEAD:refs/heads/gt/toast/1", at=folder_of(record))
        await bench.saving.save(record)
        return record

    record = asyncio.run(story())

    assert bench.bare.at(wip("toast", 1)) is None
    assert record.saved_sha == bench.bare.head("gt/toast/1")


def test_a_commit_that_was_not_pushed_is_saved(bench: Bench) -> None:
    """The ref is at the commit itself: nothing is uncommitted."""

    async def story() -> str:
        record = await bench.begin("toast", 1)
        sha = commit(folder_of(record), "a.txt")
        await bench.saving.save(record)
        return sha

    assert asyncio.run(story()) == bench.bare.at(wip("toast", 1))


def test_agents_programs_see_no_credentials_and_large_files_go_in(bench: Bench, tmp_path: Path) -> None:
    """A filter that an agent set runs without credentials; hooks and the filter of large files do not run at all."""
    spy = tmp_path / "spy"

    async def story() -> None:
        record = await bench.begin("toast", 1)
        folder = folder_of(record)
        for name in ("filter.own.clean", "filter.lfs.clean", "filter.lfs.process"):
            git("config", name, f"env >> {spy}-{name}; cat", at=folder)
        hooks = folder / ".hooks"
        hooks.mkdir()
        for name in ("post-index-change", "pre-push", "reference-transaction", "post-commit"):
            (hooks / name).write_text(f"#!/bin/sh\nenv >> {spy}-hook\n")
            (hooks / name).chmod(0o755)
        git("config", "core.hooksPath", str(hooks), at=folder)
        (folder / ".gitattributes").write_text("*.own filter=own\n*.big filter=lfs\n")
        (folder / "a.own").write_text("own\n")
        (folder / "a.big").write_text("big\n")
        await bench.saving.save(record)

    asyncio.run(story())

    assert [path.name for path in tmp_path.glob("spy-*")] == ["spy-filter.own.clean"]
    assert "GASTOWN" not in Path(f"{spy}-filter.own.clean").read_text()
    assert bench.bare.show(wip("toast", 1), "a.big") == "big"


def test_a_rebase_under_way_keeps_both_ends(bench: Bench) -> None:
    """A detached head is saved with the branch it came from as second parent."""

    async def story() -> tuple[str, str]:
        record = await bench.begin("toast", 1)
        folder = folder_of(record)
        tip = commit(folder, "a.txt")
        git("checkout", "--quiet", "--detach", "origin/main", at=folder)
        head = commit(folder, "b.txt")
        await bench.saving.save(record)
        return head, tip

    head, tip = asyncio.run(story())

    assert git("rev-parse", f"{wip('toast', 1)}^1", f"{wip('toast', 1)}^2", at=bench.bare.path).split() == [head, tip]


def test_a_save_waits_for_no_clone(bench: Bench) -> None:
    """All agents of a rig are saved at once, although somebody holds the rig's lock."""

    async def story() -> None:
        records = [await bench.begin(name, 1) for name in ("toast", "fig", "nut")]
        for record in records:
            change_everything(folder_of(record))
        async with bench.repositories.lock("rig-1"):
            await asyncio.wait_for(asyncio.gather(*(bench.saving.save(record) for record in records)), 60)

    asyncio.run(story())

    assert [bench.bare.show(wip(name, 1), "kept.txt") for name in ("toast", "fig", "nut")] == ["changed"] * 3


def test_a_host_that_takes_only_branches_gets_the_last_save_there(bench: Bench) -> None:
    """While an agent works nothing goes to its branch; at its end that is better than losing the work."""
    hook = bench.bare.path / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/heads/*) exit 0;; esac\nexit 1\n')
    hook.chmod(0o755)

    async def story() -> None:
        record = await bench.begin("toast", 1)
        change_everything(folder_of(record))
        assert await bench.saving.try_save(record, limit=30)
        (folder_of(record) / "kept.txt").write_text("again\n")
        with pytest.raises(GitError):
            await bench.saving.save(record)

    asyncio.run(story())

    assert bench.bare.show("gt/toast/1", "kept.txt") == "changed"


def test_deep_and_large_files_are_left_out_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies near the root goes in first; a file that is too large never does; a deleted one costs nothing."""
    monkeypatch.setattr(snapshots, "LARGEST_FILE", 100)
    monkeypatch.setattr(snapshots, "MOST_BYTES", 150)
    for name, size in (("deep/er/a", 90), ("deep/b", 90), ("c", 60), ("huge", 101)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    names = [b"c", b"deep/b", b"deep/er/a", b"deleted", b"huge", b"another repository/"]

    assert choose(tmp_path, names) == [b"c", b"deleted", b"deep/b"]
    monkeypatch.setattr(snapshots, "MOST_FILES", 2)
    assert choose(tmp_path, names) == [b"c", b"deleted"]


def commit(folder: Path, name: str) -> str:
    """Commit one new file as the agent would; the sha."""
    (folder / name).write_text(f"{name}\n")
    git("add", name, at=folder)
    git("commit", "--quiet", "-m", name, at=folder)
    return git("rev-parse", "HEAD", at=folder)
