"""An agent's worktree without an agent: a start's payload, what makes its worktree, and what saves it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gastown.container.payloads import GitCredentials, StartPayload
from gastown.container.places import Places
from gastown.container.repositories import Repositories
from gastown.container.roster import Record
from gastown.container.saving import Saving
from gastown.container.worktrees import Worktrees
from tests.integration.container.remote import Bare


async def no_credentials(_failed: GitCredentials | None) -> GitCredentials | None:
    """A rig that needs none."""
    return None


@dataclass(kw_only=True)
class Bench:
    """One container's workspace; what runs in it needs an event loop, so each test runs one of its own."""

    bare: Bare
    workspace: Path
    repositories: Repositories = field(init=False)
    worktrees: Worktrees = field(init=False)
    saving: Saving = field(init=False)

    def __post_init__(self) -> None:
        self.repositories = Repositories(places=Places(workspace=self.workspace), account=None)
        self.worktrees = Worktrees(repositories=self.repositories, account=None)
        self.saving = Saving(repositories=self.repositories, provider_of=lambda _rig: no_credentials)

    async def begin(self, agent_id: str, dispatch: int, /, **changes: Any) -> Record:
        """A run with its worktree."""
        start = StartPayload.model_validate(self.bare.start(agent_id, dispatch)["payload"] | changes)
        await self.repositories.refresh(start.rig, no_credentials)
        place = await self.worktrees.make(start, dispatch=dispatch, provider=no_credentials)
        record = Record(start=start, dispatch=dispatch)
        record.worktree, record.begun_at, record.resumed = place.folder, place.begun_at, place.resumed
        return record


def left(agent_id: str, dispatch: int) -> dict[str, Any]:
    """What the town says of an earlier run."""
    return {
        "ref": wip(agent_id, dispatch),
        "branch": f"gt/{agent_id}/{dispatch}",
        "agent_name": agent_id.title(),
        "ended": "lost",
    }


def wip(agent_id: str, dispatch: int) -> str:
    """The ref of a run on the one bead."""
    return f"refs/gastown/wip/bead-1/{agent_id}/{dispatch}"


def folder_of(record: Record) -> Path:
    """The worktree of a run that has one."""
    assert record.worktree is not None
    return record.worktree
