"""The rule `refresh_mayor_settings`."""

import pytest

from gastown.domain.event import EventKind, TownEvent
from gastown.reconciler.apply_action import apply_action
from gastown.reconciler.apply_event import apply_event
from gastown.reconciler.rules.refresh_mayor_settings import refresh_mayor_settings
from tests.support.builders import NOW, a_town, fresh, with_container, with_mayor


def test_a_live_mayor_hears_of_another_model_and_other_instructions() -> None:
    """Once for each that changed."""
    town = with_container(a_town())
    with_mayor(town)
    assert list(refresh_mayor_settings(town, NOW)) == []

    town.config.default_model = "another"
    town.config.custom_instructions["mayor"] = "Be brief"

    assert [action.what for action in refresh_mayor_settings(town, NOW)] == ["model", "instructions"]


def test_a_live_mayor_hears_of_another_small_model() -> None:
    """Both models are one word to the container, and afterwards there is nothing left to say."""
    town = with_container(a_town())
    with_mayor(town)
    town.config.small_model = "small"
    [action] = refresh_mayor_settings(town, NOW)

    apply_action(town, action, fresh())
    [command] = town.commands.values()
    assert {"model": None, "small_model": "small"} == command.payload
    assert [] == list(refresh_mayor_settings(town, NOW))


def test_its_roles_own_model_comes_first() -> None:
    """The default changes nothing for a mayor that has a model of its own."""
    town = with_container(a_town())
    town.config.role_models["mayor"] = "own"
    with_mayor(town)
    town.config.default_model = "another"

    assert list(refresh_mayor_settings(town, NOW)) == []


def test_a_mayor_that_is_still_starting_is_left_alone() -> None:
    """It has not been accepted yet, so there is nobody to tell."""
    town = with_container(a_town())
    with_mayor(town, accepted=False)
    town.config.default_model = "another"

    assert list(refresh_mayor_settings(town, NOW)) == []


@pytest.mark.parametrize(("cause", "shown"), [("infrastructure", 1), ("invalid", 0), ("stale", 0)])
def test_a_mayor_that_could_not_change_is_shown_to_people(cause: str, shown: int) -> None:
    """Not where its runtime never can, or where the session is over: then the next one has the models anyway."""
    town = with_container(a_town())
    with_mayor(town)
    town.config.default_model = "another"
    [action] = refresh_mayor_settings(town, NOW)
    apply_action(town, action, fresh())
    [command] = town.commands.values()

    answer: dict[str, object] = {
        "command_id": command.id,
        "outcome": "refused",
        "cause": cause,
        "error": "out of order",
    }
    apply_event(town, TownEvent(key="ack", kind=EventKind.COMMAND_ACKED, at=NOW, data=answer), fresh())

    raised = list(town.escalations.values())
    assert ["out of order" in one.message for one in raised] == [True] * shown
    assert ({}, []) == (town.commands, list(refresh_mayor_settings(town, NOW)))
