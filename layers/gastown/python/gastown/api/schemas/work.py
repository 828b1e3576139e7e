"""What people send to change work that is there: beads, agents, convoys, molecules."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from gastown.api.schemas.body import Body
from gastown.domain.agent import Role
from gastown.domain.bead import BeadStatus, Priority
from gastown.domain.convoy import MergeMode
from gastown.domain.limits import MAX_BULK_IDS, MAX_CONVOY_TASKS, MAX_LABELS, MAX_STEPS, MAX_TITLE, MAX_TRIAGE_NOTES
from gastown.domain.triage import TriageAction

Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Kind = Literal["issue", "message", "escalation", "merge_request", "convoy", "molecule"]


class BeadEditBody(Body):
    """The fields to change; labels, metadata and depends_on are replaced whole. Null counts only for the body."""

    title: Title | None = None
    body: str | None = None
    priority: Priority | None = None
    labels: list[Label] | None = Field(default=None, max_length=MAX_LABELS)
    metadata: dict[str, Any] | None = None
    status: BeadStatus | None = None
    depends_on: list[Id] | None = Field(default=None, max_length=MAX_CONVOY_TASKS)


class AdoptBody(Body):
    """A pull request that the town is to look after; `rig_id` is for the mayor, whose path names no rig."""

    rig_id: Id | None = None
    pr_url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    title: Title | None = None
    body: str | None = None
    force_push_allowed: bool = False


class ReassignBody(Body):
    """Who is to work on it."""

    agent_id: Id


class BulkDeleteBody(Body):
    """Which beads to delete."""

    bead_ids: list[Id] = Field(min_length=1, max_length=MAX_BULK_IDS)


class DeleteByStatusBody(Body):
    """Beads of which status, and of which type, to delete."""

    status: BeadStatus
    type: Kind | None = None


class AgentBody(Body):
    """A new agent."""

    role: Role
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    identity: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class RoleBody(Body):
    """Which kind of agent."""

    role: Role


class AddBeadBody(Body):
    """A bead that joins a convoy, and what it waits for."""

    bead_id: Id
    depends_on: list[Id] | None = Field(default=None, max_length=MAX_CONVOY_TASKS)


class RemoveBeadBody(Body):
    """A bead that leaves a convoy."""

    bead_id: Id


class ConvoyEditBody(Body):
    """How a convoy lands."""

    merge_mode: MergeMode | None = None
    feature_branch: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class StepBody(Body):
    """One step."""

    title: Title
    instructions: str = Field(min_length=1)


class FormulaBody(Body):
    """The steps, in their order."""

    steps: list[StepBody] = Field(min_length=1, max_length=MAX_STEPS)


class MoleculeBody(Body):
    """Steps for a bead."""

    bead_id: Id
    formula: FormulaBody


class AdvanceBody(Body):
    """What was done; `step` names the step that is meant, so that saying it twice advances once."""

    summary: Annotated[Words, Field(max_length=5000)]
    step: Id | None = None


def _upper(action: object) -> object:
    return action.strip().upper() if isinstance(action, str) else action


class TriageBody(Body):
    """What to do about a triage request, in any case of letters, and why."""

    triage_request_bead_id: Id
    action: Annotated[TriageAction, BeforeValidator(_upper)]
    resolution_notes: Annotated[str, Field(max_length=MAX_TRIAGE_NOTES)] = ""
