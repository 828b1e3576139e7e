"""The directory: which towns there are, whose they are, where they are kept and when they are due."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gastown.domain.addresses import repository_key


@dataclass(frozen=True, kw_only=True)
class TownRow:
    """A town's row; `state` is creating, active, deleting or gone. An organisation's town was made by its owner id."""

    town_id: str
    name: str
    owner_user_id: str
    state: str
    table: str
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None = None
    organization_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RigRow:
    """A rig's row: how a rig's id leads to its town."""

    rig_id: str
    town_id: str
    owner_user_id: str
    name: str
    git_url: str
    default_branch: str
    created_at: datetime

    @property
    def repository(self) -> str | None:
        """The key by which webhooks find it; none for a path on disk."""
        return repository_key(self.git_url)


class Directory(Protocol):
    """One small table for the whole stack."""

    def put_town(self, row: TownRow) -> bool:
        """Add a town; false if its id is there."""
        ...

    def get_town(self, town_id: str) -> TownRow | None:
        """A town's row."""
        ...

    def set_town_state(self, town_id: str, from_states: Collection[str], to_state: str, *, now: datetime) -> bool:
        """Move a town's state; false when it is in none of `from_states`."""
        ...

    def delete_town(self, town_id: str) -> None:
        """Remove a town's row, the last step of its deletion."""
        ...

    def list_towns(self, owner_user_id: str) -> list[TownRow]:
        """A user's own towns, newest first."""
        ...

    def list_organization_towns(self, organization_id: str) -> list[TownRow]:
        """An organisation's towns, newest first."""
        ...

    def towns_in_state(self, state: str) -> list[TownRow]:
        """Towns whose life cycle is under way."""
        ...

    def due_towns(self, now: datetime, limit: int = 100) -> list[str]:
        """Ids of towns due at or before now, the longest overdue first."""
        ...

    def put_rig(self, row: RigRow) -> None:
        """Add or replace a rig's row."""
        ...

    def get_rig(self, rig_id: str) -> RigRow | None:
        """A rig's row."""
        ...

    def list_rigs(self, town_id: str) -> list[RigRow]:
        """A town's rigs."""
        ...

    def rigs_of(self, repository: str) -> list[RigRow]:
        """The rigs of all towns that work on a repository, by its `repository_key`."""
        ...

    def delete_rig(self, rig_id: str) -> None:
        """Remove a rig's row."""
        ...
