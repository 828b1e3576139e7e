"""`decide`: the rules over one snapshot of a town."""

from collections.abc import Sequence
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import Action
from gastown.reconciler.rules import STAGES, Rule


def decide(town: Town, now: datetime) -> Sequence[Action]:
    """The actions of the first stage that has any; none means that the town is quiet."""
    for stage in STAGES:
        if actions := _actions(stage, town, now):
            return actions
    return ()


def _actions(stage: Sequence[Rule], town: Town, now: datetime) -> list[Action]:
    return [action for rule in stage for action in rule(town, now)]
