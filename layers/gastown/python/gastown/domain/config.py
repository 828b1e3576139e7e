"""A town's settings, and what they amount to for one rig: the rig's value, else the town's, else the default."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from gastown.domain.convoy import MergeMode
from gastown.domain.limits import AUTO_MERGE_DELAY, MAX_ATTEMPTS, MAX_POLECATS
from gastown.domain.pull import MergeStrategy
from gastown.domain.rig import Rig, RigOverrides
from gastown.domain.runtime import RuntimeName, can_use_tools


class FailedBlockers(StrEnum):
    """Whether a failed blocker keeps blocking (design section 9, row 2)."""

    BLOCK = "block"
    RELEASE = "release"


@dataclass(kw_only=True)
class RefineryConfig:
    """How reviews are judged and merged: the gate commands run in the repository's root."""

    gates: list[str] = field(default_factory=list)
    code_review: bool = True
    auto_merge: bool = True
    """Whether the platform merges green pull requests; a person does otherwise."""
    auto_merge_delay_minutes: int | None = AUTO_MERGE_DELAY
    """How long a pull request has to stay green; none means never, as `auto_merge` false."""
    auto_resolve_pr_feedback: bool = True
    """Whether threads and red checks of a pull request become work for a polecat."""
    judge_threads: bool = False
    """Whether a model may find that unresolved threads ask for nothing; otherwise each of them blocks."""
    auto_resolve_merge_conflicts: bool = True
    """Whether a conflict with the target becomes work for a polecat; an escalation otherwise."""


@dataclass(kw_only=True)
class GitAuth:
    """Where a town's Git credentials come from; the secrets themselves lie in the town's own secret."""

    gitlab_instance_url: str | None = None
    """The town's GitLab; none means gitlab.com."""
    platform_integration_id: str | None = None
    """The installation of the stack's GitHub App that mints this town's tokens."""
    allow_stored_token: bool = True
    """Whether a stored GitHub token may be used as the last resort (design section 9, row 4)."""


@dataclass(kw_only=True)
class TownConfig:
    """The settings that something in this town reads; a setting that does nothing does not exist."""

    refinery: RefineryConfig = field(default_factory=RefineryConfig)
    git_auth: GitAuth = field(default_factory=GitAuth)
    merge_strategy: MergeStrategy = MergeStrategy.DIRECT
    convoy_merge_mode: MergeMode = MergeMode.REVIEW_THEN_LAND
    staged_convoys_default: bool = False
    failed_blockers: FailedBlockers = FailedBlockers.BLOCK
    max_polecats_per_rig: int = MAX_POLECATS
    default_model: str | None = None
    small_model: str | None = None
    role_models: dict[str, str] = field(default_factory=dict)
    runtime: RuntimeName = RuntimeName.COMMAND
    role_runtimes: dict[str, RuntimeName] = field(default_factory=dict)
    custom_instructions: dict[str, str] = field(default_factory=dict)
    auto_triage: bool = True
    git_author_name: str | None = None
    git_author_email: str | None = None
    env_vars: dict[str, str] = field(default_factory=dict)
    """What older versions kept here; the next change of settings moves it into the town's secret."""


@dataclass(frozen=True, kw_only=True)
class EffectiveConfig:
    """One rig's settings after its overrides."""

    gates: tuple[str, ...]
    code_review: bool
    merge_strategy: MergeStrategy
    merge_delay: timedelta | None
    """How long a pull request stays green before the platform merges it; none means that a person does."""
    auto_resolve_pr_feedback: bool
    judge_threads: bool
    auto_resolve_merge_conflicts: bool
    convoy_merge_mode: MergeMode
    max_polecats: int
    max_attempts: int
    role_models: dict[str, str]
    default_model: str | None
    role_runtimes: dict[str, RuntimeName]
    default_runtime: RuntimeName
    instructions: dict[str, str]

    def model_of(self, role: str) -> str | None:
        """The model of one role: a role's own before the default (api facts, 6.4)."""
        return self.role_models.get(role) or self.default_model

    def runtime_of(self, role: str) -> RuntimeName:
        """How a role's sessions are run; resolved as its model is."""
        return self.role_runtimes.get(role) or self.default_runtime

    def runtime_for(self, role: str, *, needs_tools: bool) -> RuntimeName:
        """How one session of a role is run: by the default, if it needs tools and the role's own runtime has none."""
        own = self.runtime_of(role)
        return own if can_use_tools(own) or not needs_tools else self.default_runtime

    def instructions_of(self, role: str) -> str | None:
        """What people want this role to keep in mind."""
        return self.instructions.get(role)


def effective(town: TownConfig, rig: Rig) -> EffectiveConfig:
    """What holds for `rig`: its own value wherever it has one."""
    own, shared = rig.overrides, town.refinery
    return EffectiveConfig(
        gates=tuple(shared.gates if own.gates is None else own.gates),
        code_review=shared.code_review if own.code_review is None else own.code_review,
        merge_strategy=MergeStrategy(own.merge_strategy) if own.merge_strategy else town.merge_strategy,
        merge_delay=_merge_delay(shared, own),
        auto_resolve_pr_feedback=(
            shared.auto_resolve_pr_feedback if own.auto_resolve_pr_feedback is None else own.auto_resolve_pr_feedback
        ),
        judge_threads=shared.judge_threads if own.judge_threads is None else own.judge_threads,
        auto_resolve_merge_conflicts=(
            shared.auto_resolve_merge_conflicts
            if own.auto_resolve_merge_conflicts is None
            else own.auto_resolve_merge_conflicts
        ),
        convoy_merge_mode=MergeMode(own.convoy_merge_mode) if own.convoy_merge_mode else town.convoy_merge_mode,
        max_polecats=own.max_concurrent_polecats or town.max_polecats_per_rig,
        max_attempts=min(own.max_dispatch_attempts or MAX_ATTEMPTS, MAX_ATTEMPTS),
        role_models={**town.role_models, **own.role_models},
        default_model=own.model or town.default_model,
        role_runtimes={**town.role_runtimes, **own.role_runtimes},
        default_runtime=own.runtime or town.runtime,
        instructions={**town.custom_instructions, **own.custom_instructions},
    )


def _merge_delay(town: RefineryConfig, rig: RigOverrides) -> timedelta | None:
    auto = town.auto_merge if rig.auto_merge is None else rig.auto_merge
    minutes = town.auto_merge_delay_minutes if rig.auto_merge_delay_minutes is None else rig.auto_merge_delay_minutes
    return timedelta(minutes=minutes) if auto and minutes is not None else None
