"""A convoy: beads that land together.

staged ─▶ active ─▶ landed | failed | closed        active ⇄ stopped (from the console)
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import BeadId, RigId, short


class ConvoyState(StrEnum):
    """Where a convoy stands (state machines, convoy)."""

    STAGED = "staged"
    ACTIVE = "active"
    STOPPED = "stopped"
    LANDED = "landed"
    FAILED = "failed"
    CLOSED = "closed"


class MergeMode(StrEnum):
    """Whether beads meet on a feature branch that lands once, or each lands by itself."""

    REVIEW_THEN_LAND = "review-then-land"
    REVIEW_AND_MERGE = "review-and-merge"


ENDED = frozenset({ConvoyState.LANDED, ConvoyState.FAILED, ConvoyState.CLOSED})


class FeatureBranch(StrEnum):
    """A feature branch that the platform makes."""

    ASKED = "asked"
    MADE = "made"
    REFUSED = "refused"


@dataclass(kw_only=True)
class Convoy:
    """One convoy; the beads' own states are looked up, never counted here."""

    id: BeadId
    rig_id: RigId
    title: str
    merge_mode: MergeMode
    feature_branch: str
    created_at: datetime
    updated_at: datetime
    created_by: str | None = None
    state: ConvoyState = ConvoyState.ACTIVE
    beads: list[BeadId] = field(default_factory=list)
    feature_sha: str | None = None
    landings: int = 0
    not_before: datetime | None = None
    branch: FeatureBranch | None = None
    """How far its feature branch is on the remote, where it has to be there before work starts."""
    landing_waits_for_person: bool = False
    execution: int = 0
    """How many executions were asked for; the name of the current one ends in it after the first."""
    execution_arn: str | None = None
    landed_at: datetime | None = None
    failure: str | None = None
    receipt_sha: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has landed, failed or was closed."""
        return self.state in ENDED


def feature_branch(title: str, convoy_id: BeadId) -> str:
    """`convoy/<slug>/<short id>/head`: a leaf, so that agents' branches can be its siblings (facts: 3.6)."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].rstrip("-") or "convoy"
    return f"convoy/{slug}/{short(convoy_id)}/head"
