"""The rule `raise_unanswered_escalations` (reconciler facts, 9.4; design section 9, row 14)."""

from datetime import timedelta

import pytest

from gastown.domain.escalation import Severity
from gastown.domain.town import Town
from gastown.domain.warning import acknowledge_escalation, raise_escalation
from gastown.reconciler.rules.raise_unanswered_escalations import raise_unanswered_escalations
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_town, fresh, settle, with_mayor

HOUR = 3600


def alarmed(severity: Severity = Severity.LOW, town: Town | None = None) -> Town:
    """A town with one escalation, raised at NOW by whatever."""
    town = town or a_town()
    raise_escalation(town, fresh(), cause="conflict:review-1", severity=severity, title="A conflict", message="Look")
    return town


def test_an_escalation_that_nobody_acknowledges_goes_up_three_steps() -> None:
    """At 4, 8 and 12 hours; then the town has nothing more to wait for."""
    town = alarmed()
    [escalation] = town.escalations.values()
    seen: list[tuple[float, Severity]] = []
    while (wake := next_wake_up(town, NOW + timedelta(hours=4 * len(seen)))) is not None:
        seconds = (wake - NOW).total_seconds()
        assert list(raise_unanswered_escalations(town, wake - timedelta(seconds=0.1))) == []
        assert len(settle(town, seconds)) == 1
        seen.append((seconds / HOUR, escalation.severity))

    assert seen == [(4, Severity.MEDIUM), (8, Severity.HIGH), (12, Severity.CRITICAL)]
    assert escalation.re_escalations == 3
    assert settle(town, 1000 * HOUR) == []


def test_critical_is_the_highest_and_its_steps_count_too() -> None:
    """So the series ends for every severity."""
    town = alarmed(Severity.CRITICAL)

    settle(town, 13 * HOUR)

    [escalation] = town.escalations.values()
    assert (escalation.severity, escalation.re_escalations) == (Severity.CRITICAL, 3)


@pytest.mark.parametrize(("severity", "told"), [(Severity.LOW, 0), (Severity.MEDIUM, 1), (Severity.HIGH, 1)])
def test_the_mayor_hears_of_what_is_not_low(severity: Severity, told: int) -> None:
    """When it is raised, and at each step: a low one becomes medium by its first."""
    town = a_town()
    with_mayor(town)
    alarmed(severity, town)
    assert len(town.nudges) == told

    [action] = raise_unanswered_escalations(town, NOW + timedelta(hours=4))
    assert "nobody acknowledged" in action.reason


def test_an_acknowledged_one_is_left_alone() -> None:
    """A person has it."""
    town = alarmed()
    acknowledge_escalation(town, next(iter(town.escalations)), "user-1", fresh(HOUR))

    assert list(raise_unanswered_escalations(town, NOW + timedelta(hours=20))) == []
    assert next_wake_up(town, NOW) is None
