"""The rule `fail_exhausted_beads`."""

from gastown.domain.limits import MAX_ATTEMPTS, MAX_TOTAL_ATTEMPTS
from gastown.reconciler.rules.fail_exhausted_beads import fail_exhausted_beads
from tests.support.builders import NOW, a_bead, a_town


def test_a_ready_bead_without_attempts_left_fails() -> None:
    """Five starts, or twenty with those that were given back."""
    town = a_town()
    a_bead(town, "fresh", attempts=MAX_ATTEMPTS - 1)
    a_bead(town, "used up", attempts=MAX_ATTEMPTS)
    a_bead(town, "given back too often", total_attempts=MAX_TOTAL_ATTEMPTS)

    assert [action.bead_id for action in fail_exhausted_beads(town, NOW)] == ["used up", "given back too often"]
