"""A real bare git repository: what the forge says about branches and merges is what git says."""

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

Method = Literal["merge", "squash", "rebase"]

BOT = ("forge", "forge@example.com")
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LANG": "C.UTF-8",
    "HOME": tempfile.gettempdir(),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}
IMPORT = ("-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--date-format=now")


class GitFailed(Exception):
    """A git command failed; the message is git's own."""


class MergeConflict(Exception):
    """The two sides change the same lines."""


class Moved(Exception):
    """A branch is not where the caller expects it."""


def signed(author: tuple[str, str] = BOT) -> dict[str, str]:
    """The environment that makes a commit by this author (name, address), committed by the forge."""
    return {
        "GIT_AUTHOR_NAME": author[0],
        "GIT_AUTHOR_EMAIL": author[1],
        "GIT_COMMITTER_NAME": BOT[0],
        "GIT_COMMITTER_EMAIL": BOT[1],
    }


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A bare repository on disk."""

    path: Path
    default_branch: str = "main"
    _known: dict[tuple[str, ...], subprocess.CompletedProcess[str]] = field(default_factory=dict, compare=False)

    def git(self, *arguments: str, given: str = "", environment: dict[str, str] | None = None) -> str:
        """The output of one git command in this repository. Raises `GitFailed`."""
        done = self._run(arguments, given, environment)
        if done.returncode:
            raise GitFailed(f"git {' '.join(arguments[:3])}: {done.stderr.strip()[-1000:]}")
        return done.stdout.strip()

    def _run(
        self, arguments: tuple[str, ...], given: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=ENVIRONMENT | (environment or {}),
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def _of_shas(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command whose outcome depends on the shas it names only, and so never changes."""
        if arguments not in self._known:
            done = self._run(arguments)
            if done.returncode not in {0, 1}:  # 1 is an answer (no, conflict); all else may be different next time
                return done
            self._known[arguments] = done
        return self._known[arguments]

    def branches(self) -> dict[str, str]:
        """Every branch and its sha, in the order of names."""
        lines = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads").splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def head(self, branch: str) -> str | None:
        """The sha that a branch stands at, None when there is no such branch."""
        done = self._run(("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"))
        return done.stdout.strip() or None

    def knows(self, sha: str) -> bool:
        """Whether there is such a commit."""
        return self._run(("cat-file", "-e", f"{sha}^{{commit}}")).returncode == 0

    def create_branch(self, branch: str, sha: str) -> None:
        """Make a branch that is not there yet. Raises `GitFailed`."""
        self.git("update-ref", f"refs/heads/{branch}", sha, "0" * 40)

    def move_branch(self, branch: str, sha: str, expected: str) -> None:
        """Move a branch that stands at `expected`. Raises `Moved`."""
        try:
            self.git("update-ref", f"refs/heads/{branch}", sha, expected)
        except GitFailed as error:
            raise Moved(branch) from error

    def delete_branch(self, branch: str) -> None:
        """Remove a branch. Raises `GitFailed`."""
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def commit(
        self, branch: str, files: dict[str, str | None], message: str = "Change files", author: tuple[str, str] = BOT
    ) -> str:
        """Commit files (None removes one) on a branch, which is made from the default branch if need be; the sha."""
        known = self.branches()
        parent = known.get(branch) or known.get(self.default_branch)
        stream = [
            f"commit refs/heads/{branch}",
            "mark :1",
            f"author {author[0]} <{author[1]}> now",
            f"committer {BOT[0]} <{BOT[1]}> now",
            _data(message),
            *([f"from {parent}"] if parent else []),
            *(
                f"D {name}" if text is None else f"M 100644 inline {name}\n{_data(text)}"
                for name, text in files.items()
            ),
            "get-mark :1\n",
        ]
        # One process instead of eight; a pack of its own costs no further one.
        return self.git(*IMPORT, given="\n".join(stream))

    def commit_tree(self, tree: str, parents: list[str], message: str, author: tuple[str, str] = BOT) -> str:
        """Write one commit; its sha."""
        flags = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *flags, given=message, environment=signed(author))

    def contains(self, ancestor: str, sha: str) -> bool:
        """Whether `sha` has `ancestor` in its history."""
        return self._of_shas("merge-base", "--is-ancestor", ancestor, sha).returncode == 0

    def count(self, base: str, head: str) -> int:
        """How many commits `head` has that `base` has not."""
        return int(self._of_shas("rev-list", "--count", f"{base}..{head}").stdout)

    def changed_files(self, base: str, head: str) -> list[str]:
        """The files that differ between the merge base and `head`."""
        return self._of_shas("diff", "--name-only", f"{base}...{head}").stdout.splitlines()

    def merged_tree(self, base: str, head: str) -> str:
        """The tree that a merge of two commits gives. Raises `MergeConflict`, `GitFailed`."""
        done = self._of_shas("merge-tree", "--write-tree", base, head)
        if done.returncode == 1:
            raise MergeConflict(done.stdout.partition("\n\n")[2].strip())
        if done.returncode:
            raise GitFailed(done.stderr.strip())
        return done.stdout.split()[0]

    def conflicts(self, base: str, head: str) -> bool:
        """Whether a merge of two commits would conflict."""
        try:
            self.merged_tree(base, head)
        except MergeConflict:
            return True
        return False

    def merge(self, base_branch: str, head: str, method: Method, message: str) -> str:
        """Merge a commit into a branch; the branch's new sha. Raises `MergeConflict`, `Moved`."""
        base = self.git("rev-parse", f"refs/heads/{base_branch}")
        if method == "rebase":
            sha = self._rebased(base, head)
        else:
            parents = [base, head] if method == "merge" else [base]
            sha = self.commit_tree(self.merged_tree(base, head), parents, message)
        self.move_branch(base_branch, sha, base)
        return sha

    def _rebased(self, base: str, head: str) -> str:
        with tempfile.TemporaryDirectory() as place:
            tree = Path(place) / "tree"
            self.git("worktree", "add", "--quiet", "--detach", str(tree), head)
            try:
                self.git("-C", str(tree), "rebase", "--quiet", "--no-ff", base, environment=signed())
                return self.git("-C", str(tree), "rev-parse", "HEAD")
            except GitFailed as error:
                raise MergeConflict(str(error)) from error
            finally:
                self.git("worktree", "remove", "--force", str(tree))


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def create_repository(path: Path, default_branch: str = "main", source: Path | None = None) -> Repository:
    """Make a bare repository that can be pushed to: a copy of `source`, or a new one with one commit."""
    if source is None:
        shutil.copytree(_started(path.stem, default_branch), path)
        return Repository(path=path, default_branch=default_branch)
    repository = _empty(path, default_branch)
    repository.git("fetch", "--quiet", str(source.resolve()), "+refs/heads/*:refs/heads/*")
    return repository


@cache
def _started(name: str, default_branch: str) -> Path:
    """A repository of this name as each new one begins; made once, since tests make hundreds."""
    folder = Path(tempfile.mkdtemp(prefix="forge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    repository = _empty(folder / name, default_branch)
    repository.commit(default_branch, {"README.md": f"# {name}\n"}, "Start")
    return repository.path


def _empty(path: Path, default_branch: str) -> Repository:
    path.mkdir(parents=True)
    repository = Repository(path=path, default_branch=default_branch)
    repository.git("init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}")
    repository.git("config", "http.receivepack", "true")
    return repository
