"""The platform's merge: exactly the approved sha, gated on the merged tree, pushed with a lease on the target."""

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from gastown.container.gates import Gates
from gastown.container.git import NETWORK_LIMIT, GitError, Remote
from gastown.container.outcomes import GateResult, MergeOutcome
from gastown.container.payloads import Author, MergePayload
from gastown.container.places import check_name
from gastown.container.processes import Account, give_tree, make_folder, remove_tree
from gastown.container.repositories import PLATFORM, CredentialProvider, Repositories
from gastown.domain.merge_status import MergeStatus

_RACE = re.compile(r"\[rejected\]|stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref")


def identity(author: Author | None) -> dict[str, str]:
    """The variables git takes author and committer from; the platform itself when nobody is named."""
    if author is None:
        return PLATFORM
    email = author.email or PLATFORM["GIT_AUTHOR_EMAIL"]
    return {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_COMMITTER_NAME": author.name,
        "GIT_COMMITTER_EMAIL": email,
    }


class MergeStoppedError(Exception):
    """The attempt ends here, with this status."""

    def __init__(self, status: MergeStatus, message: str, **facts: object) -> None:
        """Keep the outcome's other fields as `facts`."""
        super().__init__(message)
        self.status = status
        self.facts = facts


@dataclass(frozen=True, kw_only=True)
class Merging:
    """Merges approved shas in temporary worktrees of the mirror, which agents never write."""

    repositories: Repositories
    gates: Gates
    account: Account | None = None
    turns: defaultdict[tuple[str, str], asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def merge(self, order: MergePayload, provider: CredentialProvider) -> MergeOutcome:
        """Carry one attempt out; every way it can end is a value, and nothing is left behind. Raises `RefusedError`."""
        folder = self.repositories.places.merge(
            order.rig.id, f"{check_name(order.review_id, what='review')}-{order.attempt}"
        )
        # Merges into one target take turns here, so they lose no race against each other.
        async with self.turns[order.rig.id, order.target_branch]:
            return await self._merge_alone(order, folder, provider)

    async def _merge_alone(self, order: MergePayload, folder: Path, provider: CredentialProvider) -> MergeOutcome:
        try:
            facts = await self._attempt(order, folder, provider)
        except MergeStoppedError as stopped:
            return _outcome(order, stopped.status, str(stopped), **stopped.facts)
        except (GitError, OSError) as error:
            return _outcome(order, MergeStatus.UNAVAILABLE, str(error))
        finally:
            await self._clear(order.rig.id, folder)
        return _outcome(order, MergeStatus.MERGED, "merged", **facts)

    async def _attempt(self, order: MergePayload, folder: Path, provider: CredentialProvider) -> dict[str, object]:
        remote = await self.repositories.refresh(order.rig, provider)
        mirror, git = self.repositories.places.mirror(order.rig.id), self.repositories.git
        seen = await git.find(f"refs/heads/{order.target_branch}", at=mirror)
        await self._check(order, mirror, seen)
        base = seen or await git.find(f"refs/heads/{order.base_branch}", at=mirror)
        if base is None:
            raise MergeStoppedError(
                MergeStatus.UNAVAILABLE, f"neither {order.target_branch} nor {order.base_branch} exists"
            )
        async with self.repositories.lock(order.rig.id):
            make_folder(folder.parent, None)
            await git.run(["worktree", "add", "--quiet", "--force", "--detach", str(folder), base], at=mirror)
        await self._combine(order, folder)
        commit = await git.run(["rev-parse", "HEAD"], at=folder)
        tree = await git.run(["rev-parse", "HEAD^{tree}"], at=folder)
        results = await self._check_gates(order, folder)
        lease = f"--force-with-lease=refs/heads/{order.target_branch}:{seen or ''}"
        # Gates may have run for longer than a token lives.
        await self.repositories.reach(
            order.rig, provider, lambda remote: self._push(order, remote, commit, lease), known=remote
        )
        return {"commit_sha": commit, "tree": tree, "gates": results}

    async def _check(self, order: MergePayload, mirror: Path, seen: str | None) -> None:
        """Stop when the sha has landed already (also if its branch is gone since) or is no longer the branch's head."""
        git = self.repositories.git
        if seen and await git.succeeds(["merge-base", "--is-ancestor", order.sha, seen], at=mirror):
            landed = await self._landing(order, mirror, seen)
            tree = await git.run(["rev-parse", f"{landed}^{{tree}}"], at=mirror)
            raise MergeStoppedError(
                MergeStatus.ALREADY_MERGED, "the target holds this sha", commit_sha=landed, tree=tree
            )
        head = await git.find(f"refs/heads/{order.branch}", at=mirror)
        if head is None or not head.startswith(order.sha):
            raise MergeStoppedError(MergeStatus.MOVED, f"{order.branch} is at {head or 'nothing'}", head=head)

    async def _landing(self, order: MergePayload, mirror: Path, target: str) -> str:
        """The oldest merge that brought the sha into the target, or the sha itself."""
        path = ["rev-list", "--merges", "--ancestry-path", "--topo-order", f"{order.sha}..{target}"]
        merges = (await self.repositories.git.run(path, at=mirror)).split()
        return merges[-1] if merges else await self.repositories.git.run(["rev-parse", order.sha], at=mirror)

    async def _combine(self, order: MergePayload, folder: Path) -> None:
        message = order.message or f"Merge {order.branch} into {order.target_branch}"
        git = self.repositories.git
        try:
            await git.run(["merge", "--no-ff", "-m", message, order.sha], at=folder, environment=identity(order.author))
        except GitError as error:
            if error.code != 1 and "unrelated histories" not in error.output:
                raise
            files = await git.run(["diff", "--name-only", "--diff-filter=U"], at=folder)
            said = f"conflicts in: {', '.join(files.split())}" if files else error.output.strip()
            raise MergeStoppedError(MergeStatus.CONFLICT, said) from error

    async def _check_gates(self, order: MergePayload, folder: Path) -> list[GateResult]:
        if order.gates:
            give_tree(folder, self.account)
        results = await self.gates.run(order.gates, at=folder, limit=order.gate_timeout_s)
        red = [gate.command for gate in results if gate.exit_code]
        if red:
            raise MergeStoppedError(MergeStatus.GATE_FAILED, f"gate failed: {red[0]}", gates=results)
        return results

    async def _push(self, order: MergePayload, remote: Remote, commit: str, lease: str) -> None:
        """Push the commit itself, not HEAD: a gate may have moved that."""
        command = ["push", "--porcelain", lease, remote.url, f"{commit}:refs/heads/{order.target_branch}"]
        mirror = self.repositories.places.mirror(order.rig.id)
        try:
            await self.repositories.git.run(command, at=mirror, remote=remote, limit=NETWORK_LIMIT)
        except GitError as error:
            if _RACE.search(error.output):
                raise MergeStoppedError(MergeStatus.PUSH_LOST, f"{order.target_branch} moved meanwhile") from error
            raise

    async def _clear(self, rig_id: str, folder: Path) -> None:
        async with self.repositories.lock(rig_id):
            remove_tree(folder)
            mirror = self.repositories.places.mirror(rig_id)
            if (mirror / "HEAD").exists():
                await self.repositories.git.run(["worktree", "prune"], at=mirror)


def _outcome(order: MergePayload, status: MergeStatus, message: str, **facts: object) -> MergeOutcome:
    known = {"review_id": order.review_id, "attempt": order.attempt, "status": status, "message": message[:2000]}
    return MergeOutcome.model_validate(known | facts)
