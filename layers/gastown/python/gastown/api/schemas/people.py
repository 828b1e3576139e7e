"""What people send."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from gastown.api.schemas.body import Body
from gastown.api.schemas.secrets import EnvName, EnvValue, GitAuthBody, InstallationId, ModelUrl, Secret
from gastown.domain.bead import HELD, BeadStatus, Priority
from gastown.domain.config import FailedBlockers
from gastown.domain.convoy import MergeMode
from gastown.domain.limits import MAX_CONVOY_TASKS, MAX_TITLE
from gastown.domain.organization import OrgRole
from gastown.domain.pull import MergeStrategy
from gastown.domain.runtime import RuntimeName, can_use_tools

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE)]
Gate = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
RoleName = Literal["mayor", "refinery", "polecat"]
RigRoleName = Literal["refinery", "polecat"]
"""A rig never changes the mayor (api facts, 6.4)."""

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Instructions = Annotated[str, StringConstraints(max_length=2_000)]


def _for_any_role(runtime: RuntimeName | None) -> RuntimeName | None:
    if runtime is not None and not can_use_tools(runtime):
        raise ValueError(f"{runtime} runs no commands: it can be the runtime of the role polecat only")
    return runtime


def _for_its_role(runtimes: dict[str, RuntimeName] | None) -> dict[str, RuntimeName] | None:
    for role, runtime in (runtimes or {}).items():
        if role != "polecat":
            _for_any_role(runtime)
    return runtimes


AnyRoleRuntime = Annotated[RuntimeName | None, AfterValidator(_for_any_role)]
RoleRuntimes = Annotated[dict[RoleName, RuntimeName] | None, AfterValidator(_for_its_role)]
RigRoleRuntimes = Annotated[dict[RigRoleName, RuntimeName] | None, AfterValidator(_for_its_role)]


class TownBody(Body):
    """A new town."""

    name: Name


class RoleBody(Body):
    """A member's role in an organisation."""

    role: OrgRole


class RigBody(Body):
    """A new rig."""

    town_id: str = Field(min_length=1)
    name: Name
    git_url: str = Field(min_length=1, max_length=2000)
    default_branch: str = Field(default="main", min_length=1, max_length=200)
    gates: list[Gate] | None = Field(default=None, max_length=20)
    platform_integration_id: InstallationId | None = None


class BeadBody(Body):
    """A new bead; `held` waits for a person."""

    type: str = "issue"
    title: Title
    body: str | None = None
    priority: Priority = Priority.MEDIUM
    labels: list[str] = Field(default_factory=list, max_length=20)
    metadata: dict[str, Any] = Field(default_factory=dict)
    assignee_agent_id: str | None = Field(default=None, min_length=1, max_length=64)
    """The idle polecat that is to do it; the town chooses otherwise."""
    held: bool = False
    start_immediately: bool | None = Field(default=None, alias="startImmediately")

    @property
    def waits(self) -> bool:
        """Whether it waits for a person: said in one of the three ways that are known."""
        return self.held or self.start_immediately is False or HELD in self.labels


class BeadStatusBody(Body):
    """A person ends a bead."""

    status: BeadStatus


class TaskBody(Body):
    """One task of a convoy."""

    title: Title
    body: str | None = None
    depends_on: list[int] = Field(default_factory=list, max_length=MAX_CONVOY_TASKS)


class SlingConvoyBody(Body):
    """A new convoy with its tasks."""

    rig_id: str = Field(min_length=1)
    convoy_title: Title
    tasks: list[TaskBody] = Field(min_length=1, max_length=MAX_CONVOY_TASKS)
    merge_mode: MergeMode | None = None
    staged: bool | None = None
    parallel: bool | None = None
    """Only the mayor is asked to say so."""


class MemberBody(Body):
    """A bead that is to join a convoy."""

    bead_id: str = Field(min_length=1)
    rig_id: str | None = None


class ConvoyBody(Body):
    """A convoy over beads that are there."""

    title: Title
    beads: list[MemberBody] = Field(min_length=1, max_length=MAX_CONVOY_TASKS)


class RefineryBody(Body):
    """How reviews are judged."""

    gates: list[Gate] | None = Field(default=None, max_length=20)
    code_review: bool | None = None
    auto_merge: bool | None = None
    auto_merge_delay_minutes: int | None = Field(default=None, ge=0, le=10_080)
    auto_resolve_pr_feedback: bool | None = None
    judge_threads: bool | None = None
    auto_resolve_merge_conflicts: bool | None = None


class ConfigBody(Body):
    """A partial update of a town's settings; what is absent stays."""

    model_config = ConfigDict(extra="forbid")

    refinery: RefineryBody | None = None
    merge_strategy: MergeStrategy | None = None
    convoy_merge_mode: MergeMode | None = None
    staged_convoys_default: bool | None = None
    failed_blockers: FailedBlockers | None = None
    max_polecats_per_rig: int | None = Field(default=None, ge=1, le=50)
    default_model: str | None = Field(default=None, max_length=200)
    small_model: str | None = Field(default=None, max_length=200)
    role_models: dict[RoleName, ModelName] | None = None
    runtime: AnyRoleRuntime = None
    role_runtimes: RoleRuntimes = None
    custom_instructions: dict[RoleName, Instructions] | None = None
    auto_triage: bool | None = None
    git_author_name: str | None = Field(default=None, max_length=200)
    git_author_email: str | None = Field(default=None, max_length=200)
    git_auth: GitAuthBody | None = None
    github_cli_pat: Secret | None = None
    kilocode_token: Secret | None = None
    model_url: ModelUrl | None = None
    env_vars: dict[EnvName, EnvValue] | None = Field(default=None, max_length=100)


class RigConfigBody(Body):
    """A partial update of a rig's overrides; null means: as the town."""

    model_config = ConfigDict(extra="forbid")

    gates: list[Gate] | None = Field(default=None, max_length=20)
    code_review: bool | None = None
    merge_strategy: MergeStrategy | None = None
    auto_merge: bool | None = None
    auto_merge_delay_minutes: int | None = Field(default=None, ge=0, le=10_080)
    auto_resolve_pr_feedback: bool | None = None
    judge_threads: bool | None = None
    auto_resolve_merge_conflicts: bool | None = None
    convoy_merge_mode: MergeMode | None = None
    max_concurrent_polecats: int | None = Field(default=None, ge=1, le=50)
    max_dispatch_attempts: int | None = Field(default=None, ge=1, le=5)
    model: str | None = Field(default=None, max_length=200)
    role_models: dict[RigRoleName, ModelName] | None = None
    runtime: AnyRoleRuntime = None
    role_runtimes: RigRoleRuntimes = None
    custom_instructions: dict[RigRoleName, Instructions] | None = None
    platform_integration_id: InstallationId | None = None


class EscalationBody(Body):
    """What an agent raises."""

    title: Title
    body: str | None = None
    priority: Priority = Priority.MEDIUM
    metadata: dict[str, Any] = Field(default_factory=dict)
