"""Names for ids, so that a bead's id cannot be passed as an agent's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

TownId = NewType("TownId", str)
RigId = NewType("RigId", str)
BeadId = NewType("BeadId", str)
"""Any bead: task, fix, review, convoy or escalation."""

AgentId = NewType("AgentId", str)
CommandId = NewType("CommandId", str)
EffectId = NewType("EffectId", str)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When a move happens, and the new ids that it may use: the only clock and chance that the core knows."""

    now: datetime
    ids: Iterator[str]

    def new_id(self) -> str:
        """The next unused id."""
        return next(self.ids)


def short(identifier: str) -> str:
    """The last 8 characters: ids are time-ordered, so their beginnings are alike (design section 2)."""
    return identifier[-8:]
