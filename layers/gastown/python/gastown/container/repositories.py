"""A rig's repositories: a mirror that alone speaks to the remote, and a clone that the agents' worktrees share.

Agents can write hooks, filters and configuration into the clone they work in, so nothing that holds a credential runs
in it: fetching, pushing and merging happen in the mirror, as the container's own user.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

from gastown.container.git import NETWORK_LIMIT, Git, GitError, Remote
from gastown.container.payloads import GitCredentials, RigFacts
from gastown.container.places import Places, check_rig
from gastown.container.processes import Account, give, make_folder

CredentialProvider = Callable[[GitCredentials | None], Awaitable[GitCredentials | None]]
"""Gives what a remote is shown; it is told what the remote did not accept, so that this does not come again."""

HEADS = "+refs/heads/*:refs/heads/*"
TRACKING = "+refs/heads/*:refs/remotes/origin/*"
PLATFORM = {
    "GIT_AUTHOR_NAME": "Gastown",
    "GIT_AUTHOR_EMAIL": "gastown@gastown.local",
    "GIT_COMMITTER_NAME": "Gastown",
    "GIT_COMMITTER_EMAIL": "gastown@gastown.local",
}
"""Who commits when no agent does."""


class Repositories:
    """All rigs' repositories of this container; whatever changes one holds the rig's lock."""

    def __init__(self, *, places: Places, account: Account | None) -> None:
        """Prepare the workspace; nothing is cloned yet."""
        self.places = places
        config = places.workspace / "gitconfig"
        make_folder(places.workspace, None)
        config.write_text("[include]\n\tpath = /etc/gitconfig\n[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n")
        self.git = Git(config=config)
        self.agent_git = Git(config=config, account=account)
        self.account = account
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._remotes: dict[str, Remote] = {}
        self.rigs: dict[str, RigFacts] = {}
        """The rigs that anything was done in here."""

    def lock(self, rig_id: str) -> asyncio.Lock:
        """The lock of one rig's repositories; not reentrant."""
        return self._locks[rig_id]

    async def refresh(self, rig: RigFacts, provider: CredentialProvider) -> Remote:
        """Bring the mirror up to date, creating it first if need be. Raises `GitError`, `RefusedError` (invalid).

        Returns the remote that worked.
        """
        self.rigs[check_rig(rig).id] = rig

        async def fetch(remote: Remote) -> None:
            async with self.lock(rig.id):
                await self._fetch(rig, remote)

        self._remotes[rig.id] = await self.reach(rig, provider, fetch)
        return self._remotes[rig.id]

    async def reach(
        self,
        rig: RigFacts,
        provider: CredentialProvider,
        act: Callable[[Remote], Awaitable[None]],
        *,
        known: Remote | None = None,
    ) -> Remote:
        """Do something at a rig's remote; when it refuses the credentials, once more with others, if there are any.

        One question and one try more, for this rig alone (REQ-4.9). `known` is a remote that worked a moment ago.
        Returns the one that works. Raises what `act` raises.
        """
        remote = known or Remote(url=rig.git_url, credentials=await provider(None))
        try:
            await act(remote)
        except GitError as error:
            if not error.is_auth:
                raise
            other = await provider(remote.credentials)
            if other is None:
                raise
            remote = Remote(url=rig.git_url, credentials=other)
            await act(remote)
        return remote

    async def remotely(
        self, rig: RigFacts, provider: CredentialProvider, command: Callable[[Remote], list[str]], *, limit: float
    ) -> str:
        """Run a command of the mirror against the rig's remote, as it was last let in. Raises `GitError`.

        It takes no lock: the command is to write only refs of its own.
        """
        said: list[str] = []

        async def act(remote: Remote) -> None:
            said.append(await self.git.run(command(remote), at=self.places.mirror(rig.id), remote=remote, limit=limit))

        known, shared = self._remotes.get(rig.id), self._one_for_all(rig, provider)
        self._remotes[rig.id] = await self.reach(rig, shared, act, known=known)
        return said[-1]

    def _one_for_all(self, rig: RigFacts, provider: CredentialProvider) -> CredentialProvider:
        """Of all that were refused with the same credentials, one asks for others, and the rest take what it got."""

        async def provide(failed: GitCredentials | None) -> GitCredentials | None:
            async with self._asking[rig.id]:
                newest = self._remotes.get(rig.id)
                if failed is not None and newest is not None and newest.credentials not in {None, failed}:
                    return newest.credentials
                given = await provider(failed)
                if given is not None:
                    self._remotes[rig.id] = Remote(url=rig.git_url, credentials=given)
                return given

        return provide

    async def share(self, rig: RigFacts) -> Path:
        """Bring the clone of the worktrees up to date from the mirror; the caller holds the lock. Raises `GitError`."""
        repo, mirror = self.places.repo(rig.id), self.places.mirror(rig.id)
        git = self.agent_git
        if not (repo / ".git" / "HEAD").exists():
            make_folder(repo, self.account)
            await git.run(["init", "--quiet", "--initial-branch", rig.default_branch], at=repo)
            alternates = repo / ".git" / "objects" / "info" / "alternates"
            alternates.write_text(f"{mirror / 'objects'}\n")
            give(alternates, self.account)
            await git.run(["remote", "add", "origin", rig.git_url], at=repo)
        await git.run(["remote", "set-url", "origin", rig.git_url], at=repo)
        await git.run(["fetch", "--quiet", "--prune", str(mirror), TRACKING], at=repo)
        return repo

    async def _fetch(self, rig: RigFacts, remote: Remote) -> None:
        mirror = self.places.mirror(rig.id)
        if not (mirror / "HEAD").exists():
            make_folder(mirror, None)
            await self.git.run(["init", "--quiet", "--bare", "--initial-branch", rig.default_branch], at=mirror)
        await self._fetch_heads(mirror, remote)
        if not await self.git.run(["for-each-ref", "--count=1", "refs/heads"], at=mirror):
            await self._begin(mirror, rig.default_branch, remote)

    async def _fetch_heads(self, mirror: Path, remote: Remote) -> None:
        command = ["fetch", "--quiet", "--prune", "--no-tags", "--update-head-ok", remote.url, HEADS]
        await self.git.run(command, at=mirror, remote=remote, limit=NETWORK_LIMIT)

    async def _begin(self, mirror: Path, branch: str, remote: Remote) -> None:
        """Give an empty repository its first, empty commit; losing that race to somebody is as good."""
        tree = await self.git.run(["hash-object", "-w", "-t", "tree", os.devnull], at=mirror)
        commit = await self.git.run(["commit-tree", "-m", "Begin", tree], at=mirror, environment=PLATFORM)
        push = ["push", "--quiet", remote.url, f"{commit}:refs/heads/{branch}"]
        try:
            await self.git.run(push, at=mirror, remote=remote, limit=NETWORK_LIMIT)
        except GitError as error:
            if "rejected" not in error.output:
                raise
        await self._fetch_heads(mirror, remote)
