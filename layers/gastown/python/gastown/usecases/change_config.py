"""Changing a town's settings: what a body names is replaced, the rest stays."""

from collections.abc import Mapping
from typing import Any

from gastown.domain.config import RefineryConfig, TownConfig
from gastown.domain.ids import Moment
from gastown.domain.rig import RigOverrides
from gastown.domain.town import Town
from gastown.usecases.unit_of_work import UnitOfWork

NULLABLE = frozenset({"auto_merge_delay_minutes"})
"""Here null is an answer: never (town facts, 2)."""


def change_config(uow: UnitOfWork, town_id: str, changes: Mapping[str, Any], by: str) -> TownConfig:
    """Commit these settings; nested ones are merged name by name, null puts the default back."""

    def move(town: Town, _moment: Moment) -> TownConfig:
        for name, value in changes.items():
            if name == "refinery":
                replace_named(town.config.refinery, value or {})
            else:
                replace_named(town.config, {name: value})
        return town.config

    return uow.change(town_id, move, actor=by, cause="change config")


def replace_named(settings: TownConfig | RefineryConfig | RigOverrides, changes: Mapping[str, Any]) -> None:
    """Set these fields; null means the field's default, or nothing where nothing is a value of its own."""
    defaults = type(settings)()
    for name, value in changes.items():
        setattr(settings, name, getattr(defaults, name) if value is None and name not in NULLABLE else value)
