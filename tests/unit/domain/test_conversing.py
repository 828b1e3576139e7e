"""The mayor's turns, as the answers of its container arrive: late, twice and in any order."""

from datetime import datetime, timedelta

from gastown.domain.agent import AgentStatus
from gastown.domain.conversing import address_mayor, begin_turn, end_turn
from gastown.domain.nudge import Nudge, NudgeState
from gastown.domain.town import Town
from tests.support.builders import NOW, a_town, at, with_container, with_mayor


def _told() -> tuple[Town, Nudge]:
    """A mayor that waits and was told something 10 s after NOW; its container's answer is under way."""
    town = with_container(a_town())
    mayor = with_mayor(town)
    end_turn(town, mayor.dispatch, _after(5), at(5))
    nudge = address_mayor(town, "And now?", at(9), by="user-1")
    nudge.state = NudgeState.HEARD
    return town, nudge


def _after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_turn_begins_when_the_container_took_the_words() -> None:
    """So the callback of a turn that was over before the town heard of its beginning ends it."""
    town, nudge = _told()
    assert town.mayor is not None
    begin_turn(town, town.mayor.dispatch, _after(10), at(40))
    begun = town.mayor.status

    end_turn(town, town.mayor.dispatch, _after(20), at(41))

    assert (AgentStatus.WORKING, AgentStatus.WAITING) == (begun, town.mayor.status)
    assert nudge.id not in town.nudges


def test_a_turn_that_was_over_before_its_beginning_was_known_does_not_begin() -> None:
    """Nothing would ever end it; what was said is answered."""
    town, nudge = _told()
    assert town.mayor is not None
    end_turn(town, town.mayor.dispatch, _after(20), at(21))
    begin_turn(town, town.mayor.dispatch, _after(10), at(40))

    assert town.mayor.status is AgentStatus.WAITING
    assert nudge.state is NudgeState.DELIVERED


def test_an_older_turns_callback_does_not_keep_the_next_from_beginning() -> None:
    """It fired before the words were taken, whenever it arrives."""
    town, nudge = _told()
    assert town.mayor is not None
    end_turn(town, town.mayor.dispatch, _after(8), at(39))
    begin_turn(town, town.mayor.dispatch, _after(10), at(40))

    assert (town.mayor.status, town.mayor.working_since) == (AgentStatus.WORKING, _after(10))
    assert nudge.state is NudgeState.HEARD


def test_a_container_that_names_no_time_took_the_words_now() -> None:
    """Its clock may also be ahead: no turn begins in the future."""
    for taken in (None, _after(99)):
        town, _ = _told()
        assert town.mayor is not None
        begin_turn(town, town.mayor.dispatch, taken, at(40))
        assert town.mayor.working_since == _after(40)
