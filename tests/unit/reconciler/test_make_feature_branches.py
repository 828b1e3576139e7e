"""The rule `make_feature_branches`."""

import pytest

from gastown.domain.convoy import Convoy, ConvoyState, FeatureBranch, MergeMode
from gastown.domain.convoying import branch_made
from gastown.domain.effect import EffectKind
from gastown.domain.pull import MergeStrategy
from gastown.domain.town import Town
from gastown.reconciler.rules.make_feature_branches import make_feature_branches
from tests.support.builders import NOW, a_bead, a_convoy, a_town, fresh, settle, with_container


@pytest.fixture
def town() -> Town:
    """A town of strategy `pr` with a convoy of one bead."""
    town = with_container(a_town())
    town.config.merge_strategy = MergeStrategy.PR
    a_convoy(town, a_bead(town))
    return town


def convoy_of(town: Town) -> Convoy:
    """The town's one convoy."""
    return next(iter(town.convoys.values()))


def test_work_waits_until_the_feature_branch_is_made(town: Town) -> None:
    """Sub-requests need a base on the remote."""
    settle(town, 0)
    assert [EffectKind.MAKE_BRANCH] == [effect.kind for effect in town.effects.values()]
    assert town.agents == {}

    branch_made(town, convoy_of(town).id, None, fresh())
    settle(town, 0)
    assert FeatureBranch.MADE is convoy_of(town).branch
    assert 1 == len(town.agents)


def test_a_branch_that_cannot_be_made_is_shown_and_stops_nothing(town: Town) -> None:
    """One escalation; the beads go on, and opening their requests tries again."""
    settle(town, 0)
    branch_made(town, convoy_of(town).id, "HTTP 403", fresh())
    branch_made(town, convoy_of(town).id, "HTTP 403", fresh())
    settle(town, 0)

    assert ["HTTP 403"] == [e.message.rpartition(": ")[2] for e in town.escalations.values()]
    assert 1 == len(town.agents)


@pytest.mark.parametrize("reason", ["direct", "alone", "staged"])
def test_nothing_is_made_where_no_request_needs_it(town: Town, reason: str) -> None:
    """Strategy `direct`, beads that land one by one, and convoys that have not started."""
    match reason:
        case "direct":
            town.config.merge_strategy = MergeStrategy.DIRECT
        case "alone":
            convoy_of(town).merge_mode = MergeMode.REVIEW_AND_MERGE
        case _:
            convoy_of(town).state = ConvoyState.STAGED

    assert list(make_feature_branches(town, NOW)) == []
