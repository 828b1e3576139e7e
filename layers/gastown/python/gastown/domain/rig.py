"""A rig: one repository that a town works on, with what it decides differently from the town."""

from dataclasses import dataclass, field
from datetime import datetime

from gastown.domain.ids import RigId
from gastown.domain.runtime import RuntimeName


@dataclass(kw_only=True)
class RigOverrides:
    """Settings of one rig; absent means: as the town (api facts, 6.6)."""

    gates: list[str] | None = None
    code_review: bool | None = None
    merge_strategy: str | None = None
    auto_merge: bool | None = None
    auto_merge_delay_minutes: int | None = None
    auto_resolve_pr_feedback: bool | None = None
    judge_threads: bool | None = None
    auto_resolve_merge_conflicts: bool | None = None
    convoy_merge_mode: str | None = None
    max_concurrent_polecats: int | None = None
    max_dispatch_attempts: int | None = None
    model: str | None = None
    role_models: dict[str, str] = field(default_factory=dict)
    runtime: RuntimeName | None = None
    role_runtimes: dict[str, RuntimeName] = field(default_factory=dict)
    custom_instructions: dict[str, str] = field(default_factory=dict)
    platform_integration_id: str | None = None
    """The installation that mints this rig's GitHub tokens, where the town names none: here the town goes first."""


@dataclass(kw_only=True)
class Rig:
    """One repository and its default branch."""

    id: RigId
    name: str
    git_url: str
    default_branch: str
    created_at: datetime
    overrides: RigOverrides = field(default_factory=RigOverrides)
    webhook_at: datetime | None = None
    """When its repository last sent a webhook."""
    is_leaving: bool = False
    """Whether it is being removed: nothing new starts in it."""
