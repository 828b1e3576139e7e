"""Snapshots of an agent's worktree: commits beside its history that hold its changes, made without touching either.

A snapshot is made with a copy of the agent's index, so nothing the agent sees changes: not its index, not its files,
not its branch. Git runs as the agents' account and has no credentials here: filters that an agent set may run.
"""

import asyncio
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gastown.container.git import Git
from gastown.container.processes import Account, copy_as, make_folder

MARK = "Gastown-Uncommitted: yes"
"""The trailer of a commit that holds what was not committed; a run that goes on from it begins at its parent."""
MESSAGE = f"Work in progress\n\nSaved by the container; its changes were not committed.\n\n{MARK}\n"

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes of one changed file. GitHub refuses a push with a file of more than 100 MB, and then nothing would be saved."""
MOST_BYTES, MOST_FILES = 100 * 1024 * 1024, 5_000
"""What one snapshot takes at most: it has to be made and pushed within the grace of a task that is being stopped."""
LIMIT = 40.0
"""Seconds each step may take."""
NO_LFS = ("-c", "filter.lfs.clean=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false")
"""Large files go in as they are: their usual store is filled by a hook of the agent's own push only. Every command that
reads files needs it, also the one that writes the tree: it looks again at files that changed just now."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A worktree at one moment: `commit` holds it all, and is `head` itself if nothing is uncommitted."""

    head: str | None
    tree: str
    commit: str
    left_out: int = 0
    """Changed files that were too large or too many."""

    @property
    def is_clean(self) -> bool:
        """Whether everything is committed."""
        return self.commit == self.head and not self.left_out


@dataclass(frozen=True, kw_only=True)
class Unfolded:
    """A saved commit, taken apart: the agent's own last commit, and where its branch stood while it rebased."""

    head: str
    is_snapshot: bool = False
    also: str | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshots:
    """Takes snapshots; `scratch` is a folder in which the copies of indexes lie."""

    git: Git
    scratch: Path
    account: Account | None = None

    async def head(self, folder: Path) -> str | None:
        """The commit a worktree is at, or none on a branch without any. The cheap look: one process."""
        return await self.git.find("HEAD", at=folder)

    async def take(
        self, folder: Path, *, branch: str, author: Mapping[str, str], last: Snapshot | None = None
    ) -> Snapshot:
        """A snapshot of the folder; `last` itself if nothing has changed since. Raises `GitError`, `OSError`."""
        head = await self.head(folder)
        index = await self._copy_index(folder)
        own = {"GIT_INDEX_FILE": str(index), "GIT_OPTIONAL_LOCKS": "0"}
        listing = [*NO_LFS, "ls-files", "-z", "--modified", "--others", "--exclude-standard"]
        listed = await self.git.pipe(listing, at=folder, environment=own, limit=LIMIT)
        names = sorted({name for name in listed.split(b"\0") if name})
        chosen = await asyncio.to_thread(choose, folder, names)
        if chosen:
            add = [*NO_LFS, "update-index", "--add", "--remove", "--replace", "-z", "--stdin"]
            given = b"".join(name + b"\0" for name in chosen)
            await self.git.pipe(add, at=folder, given=given, environment=own, limit=LIMIT)
        tree = await self.git.run([*NO_LFS, "write-tree"], at=folder, environment=own, limit=LIMIT)
        if last is not None and (last.head, last.tree) == (head, tree):
            return last
        left_out = len(names) - len(chosen)
        commit = await self._commit(folder, head, tree, branch, author)
        return Snapshot(head=head, tree=tree, commit=commit, left_out=left_out)

    async def _copy_index(self, folder: Path) -> Path:
        """A copy of the agent's index with its times: they tell git which files it need not read again."""
        path = folder / await self.git.run(["rev-parse", "--git-path", "index"], at=folder, limit=LIMIT)
        index = make_folder(self.scratch, self.account, mode=0o700) / folder.name
        index.unlink(missing_ok=True)
        if path.exists():
            await copy_as(self.account, path, index)
        return index

    async def _commit(self, folder: Path, head: str | None, tree: str, branch: str, author: Mapping[str, str]) -> str:
        """The head if it holds everything, else a commit of the tree on top of it.

        While an agent rebases, its head is detached and its branch still holds what it did: that is a second parent.
        """
        tip = await self.git.find(f"refs/heads/{branch}", at=folder)
        behind = tip is None or tip == head or (head is not None and await self._contains(folder, head, tip))
        if head is not None and behind and tree == await self.git.run(["rev-parse", f"{head}^{{tree}}"], at=folder):
            return head
        parents = [head, None if behind else tip]
        flags = [word for parent in parents if parent for word in ("-p", parent)]
        commit = ["commit-tree", *flags, "-m", MESSAGE.strip(), tree]
        return await self.git.run(commit, at=folder, environment=author, limit=LIMIT)

    async def _contains(self, folder: Path, head: str, tip: str) -> bool:
        return await self.git.succeeds(["merge-base", "--is-ancestor", tip, head], at=folder)


async def unfold(git: Git, commit: str, *, at: Path) -> Unfolded:
    """Tell a snapshot from an agent's own commit. Raises `GitError`."""
    said = await git.run(["show", "--no-patch", "--format=%H %P%n%B", commit], at=at)
    commits, _, message = said.partition("\n")
    own, *parents = commits.split()
    if MARK not in message.splitlines() or not parents:
        return Unfolded(head=own)
    return Unfolded(head=parents[0], is_snapshot=True, also=parents[1] if len(parents) > 1 else None)


def choose(folder: Path, names: Sequence[bytes]) -> list[bytes]:
    """The changed files that go in: those near the root before those deep below, where products and packages lie."""
    taken: list[bytes] = []
    room = MOST_BYTES
    for name in sorted(names, key=lambda name: (name.count(b"/"), name)):
        size = _size(folder, name)
        if size is None or size > LARGEST_FILE or size > room or len(taken) >= MOST_FILES:
            continue
        room -= size
        taken.append(name)
    return taken


def _size(folder: Path, name: bytes) -> int | None:
    """Bytes of a file, 0 for a deleted one; none for what git cannot take: another repository, an unreadable file."""
    if name.endswith(b"/"):
        return None
    try:
        found = os.lstat(os.path.join(os.fsencode(folder), name))  # noqa: PTH118 - a name need not be text
    except (FileNotFoundError, NotADirectoryError):
        return 0
    readable = stat.S_ISLNK(found.st_mode) or found.st_mode & stat.S_IRUSR
    return found.st_size if readable else None
