"""Changing a town's settings: what a body names is replaced, the rest stays."""

from collections.abc import Mapping
from typing import Any

from gastown.domain.config import TownConfig
from gastown.domain.ids import Moment
from gastown.domain.town import Town
from gastown.usecases.unit_of_work import UnitOfWork


def change_config(uow: UnitOfWork, town_id: str, changes: Mapping[str, Any], by: str) -> TownConfig:
    """Commit these settings; nested ones are merged name by name."""

    def move(town: Town, _moment: Moment) -> TownConfig:
        for name, value in changes.items():
            if name == "refinery":
                for part, inner in (value or {}).items():
                    setattr(town.config.refinery, part, inner)
            else:
                setattr(town.config, name, value)
        return town.config

    return uow.change(town_id, move, actor=by, cause="change config")
