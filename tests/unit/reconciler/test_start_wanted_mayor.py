"""The rule `start_wanted_mayor`."""

from datetime import timedelta

from gastown.domain.conversing import address_mayor, ensure_mayor
from gastown.domain.limits import MAX_MAYOR_ATTEMPTS
from gastown.reconciler.rules.start_wanted_mayor import start_wanted_mayor
from tests.support.builders import NOW, a_town, at, with_container, with_mayor


def test_a_word_to_the_mayor_starts_it() -> None:
    """As soon as a container answers."""
    town = a_town()
    address_mayor(town, "Hello", at(), by="user-1")

    assert list(start_wanted_mayor(town, NOW)) == []
    assert len(list(start_wanted_mayor(with_container(town), NOW))) == 1


def test_a_mayor_that_was_ensured_is_started_without_a_word() -> None:
    """It is to be warm before somebody speaks."""
    town = with_container(a_town())
    ensure_mayor(town, at())

    assert len(list(start_wanted_mayor(town, NOW))) == 1


def test_a_live_session_is_not_started_again() -> None:
    """One session at a time."""
    town = with_container(a_town())
    with_mayor(town)
    address_mayor(town, "Hello", at(1), by="user-1")

    assert list(start_wanted_mayor(town, NOW)) == []


def test_a_mayor_that_failed_too_often_waits_for_a_person() -> None:
    """Its backoff is kept, and after five sessions that came to nothing nothing is tried."""
    town = with_container(a_town())
    address_mayor(town, "Hello", at(), by="user-1")
    assert town.mayor is not None
    town.mayor.not_before = NOW + timedelta(seconds=15)
    assert list(start_wanted_mayor(town, NOW)) == []

    town.mayor.not_before, town.mayor.attempts = None, MAX_MAYOR_ATTEMPTS
    assert list(start_wanted_mayor(town, NOW)) == []

    address_mayor(town, "Try again", at(2), by="user-1")
    assert len(list(start_wanted_mayor(town, NOW))) == 1
