"""What holds for a rig: its own value wherever it has one, else the town's (design section 9, row 8)."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from gastown.domain.config import EffectiveConfig, effective
from gastown.domain.convoy import MergeMode
from gastown.domain.pull import MergeStrategy
from gastown.domain.rig import RigOverrides
from gastown.domain.runtime import RuntimeName
from tests.support.builders import a_town

OVERRIDES: list[tuple[str, Any, str, Any]] = [
    ("gates", ["make lint"], "gates", ("make lint",)),
    ("gates", [], "gates", ()),
    ("code_review", False, "code_review", False),
    ("merge_strategy", "pr", "merge_strategy", MergeStrategy.PR),
    ("auto_merge", False, "merge_delay", None),
    ("auto_merge_delay_minutes", 0, "merge_delay", timedelta(0)),
    ("auto_resolve_pr_feedback", False, "auto_resolve_pr_feedback", False),
    ("judge_threads", True, "judge_threads", True),
    ("auto_resolve_merge_conflicts", False, "auto_resolve_merge_conflicts", False),
    ("convoy_merge_mode", "review-and-merge", "convoy_merge_mode", MergeMode.REVIEW_AND_MERGE),
    ("max_concurrent_polecats", 2, "max_polecats", 2),
    ("max_dispatch_attempts", 1, "max_attempts", 1),
    ("model", "a-model", "default_model", "a-model"),
    ("role_models", {"polecat": "a-model"}, "role_models", {"polecat": "a-model"}),
    ("runtime", RuntimeName.KILO, "default_runtime", RuntimeName.KILO),
    ("role_runtimes", {"polecat": RuntimeName.KILO}, "role_runtimes", {"polecat": RuntimeName.KILO}),
    ("custom_instructions", {"polecat": "Be kind."}, "instructions", {"polecat": "Be kind."}),
]
SEEN_ELSEWHERE = {"platform_integration_id"}
"""Overrides that no rule reads: tests/unit/usecases/test_git_tokens.py has this one."""


def held_in(**overrides: Any) -> EffectiveConfig:
    """What holds in a rig with these overrides, in a town with a gate."""
    town = a_town()
    town.config.refinery.gates = ["make test"]
    rig = next(iter(town.rigs.values()))
    rig.overrides = RigOverrides(**overrides)
    return effective(town.config, rig)


@pytest.mark.parametrize(("name", "own", "read", "held"), OVERRIDES)
def test_a_rigs_own_value_wins(name: str, own: Any, read: str, held: Any) -> None:
    """And what it does not name is the town's."""
    plain, changed = held_in(), held_in(**{name: own})
    others = {one.name for one in fields(EffectiveConfig)} - {read}

    assert held == getattr(changed, read) != getattr(plain, read)
    assert {one: getattr(plain, one) for one in others} == {one: getattr(changed, one) for one in others}


def test_every_override_is_read() -> None:
    """A setting that does nothing does not exist (design section 9, row 23)."""
    assert {one.name for one in fields(RigOverrides)} == {name for name, *_ in OVERRIDES} | SEEN_ELSEWHERE
