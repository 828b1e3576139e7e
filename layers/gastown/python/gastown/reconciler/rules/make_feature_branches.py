"""Make a convoy's feature branch on the remote before work on it starts, where pull requests need it."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.convoy import ConvoyState, MergeMode
from gastown.domain.pull import MergeStrategy
from gastown.domain.town import Town
from gastown.reconciler.actions import MakeBranch


def make_feature_branches(town: Town, _now: datetime) -> Iterator[MakeBranch]:
    """Once a convoy; where the platform merges in git, the first merge makes the branch."""
    for convoy in town.convoys.values():
        if convoy.state is not ConvoyState.ACTIVE or convoy.branch is not None:
            continue
        if convoy.merge_mode is not MergeMode.REVIEW_THEN_LAND or town.is_leaving(convoy.rig_id):
            continue
        if town.rules_for(convoy.rig_id).merge_strategy is MergeStrategy.PR:
            yield MakeBranch(convoy_id=convoy.id, reason=f"pull requests will go to {convoy.feature_branch}")
