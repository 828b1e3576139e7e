"""The directory in memory."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from gastown.ports.directory import RigRow, TownRow


class MemoryDirectory:
    """Rows as dictionaries; due times apart, because a town's commit moves them."""

    def __init__(self) -> None:
        """Start empty."""
        self.towns: dict[str, TownRow] = {}
        self.rigs: dict[str, RigRow] = {}
        self.due: dict[str, datetime] = {}

    def set_due(self, town_id: str, due_at: datetime | None) -> None:
        """What a commit of the town does in its transaction."""
        if due_at is None:
            self.due.pop(town_id, None)
        else:
            self.due[town_id] = due_at

    def put_town(self, row: TownRow) -> bool:
        """Add a town."""
        if row.town_id in self.towns:
            return False
        self.towns[row.town_id] = row
        return True

    def get_town(self, town_id: str) -> TownRow | None:
        """A town's row."""
        row = self.towns.get(town_id)
        return replace(row, due_at=self.due.get(town_id)) if row else None

    def set_town_state(self, town_id: str, from_states: Collection[str], to_state: str, *, now: datetime) -> bool:
        """Move a town's state."""
        row = self.towns.get(town_id)
        if row is None or row.state not in from_states:
            return False
        self.towns[town_id] = replace(row, state=to_state, updated_at=now)
        return True

    def delete_town(self, town_id: str) -> None:
        """Remove a town's row."""
        self.towns.pop(town_id, None)
        self.due.pop(town_id, None)

    def list_towns(self, owner_user_id: str) -> list[TownRow]:
        """A user's own towns, newest first."""
        return self._listed(lambda row: row.organization_id is None and row.owner_user_id == owner_user_id)

    def list_organization_towns(self, organization_id: str) -> list[TownRow]:
        """An organisation's towns, newest first."""
        return self._listed(lambda row: row.organization_id == organization_id)

    def _listed(self, belongs: Callable[[TownRow], bool]) -> list[TownRow]:
        return sorted(filter(belongs, self.towns.values()), key=lambda row: row.created_at, reverse=True)

    def towns_in_state(self, state: str) -> list[TownRow]:
        """Towns in one state of their life cycle."""
        return [row for row in self.towns.values() if row.state == state]

    def due_towns(self, now: datetime, limit: int = 100) -> list[str]:
        """Overdue towns, the longest first."""
        return sorted((t for t, at in self.due.items() if at <= now), key=lambda t: self.due[t])[:limit]

    def put_rig(self, row: RigRow) -> None:
        """Add or replace a rig's row."""
        self.rigs[row.rig_id] = row

    def get_rig(self, rig_id: str) -> RigRow | None:
        """A rig's row."""
        return self.rigs.get(rig_id)

    def rigs_of(self, repository: str) -> list[RigRow]:
        """The rigs of a repository."""
        return [row for row in self.rigs.values() if row.repository == repository]

    def list_rigs(self, town_id: str) -> list[RigRow]:
        """A town's rigs."""
        return [row for row in self.rigs.values() if row.town_id == town_id]

    def delete_rig(self, rig_id: str) -> None:
        """Remove a rig's row."""
        self.rigs.pop(rig_id, None)
