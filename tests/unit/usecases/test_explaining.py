"""The explanation of a whole town: the same words as one by one, for the price of one look ahead."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from gastown.domain.town import Town
from gastown.reconciler.actions import Action, FailBead
from gastown.reconciler.explain import explain
from gastown.usecases.explaining import EXPLAINED, explain_all
from tests.support.builders import NOW, a_bead, a_convoy, a_town, an_agent, at_work, with_container, with_mayor


def test_work_comes_first_and_then_whoever_works() -> None:
    """Each with what the rules would say of it alone; idle agents have nothing to explain."""
    town = with_container(a_town())
    first, second = a_bead(town, "first"), a_bead(town, "second", not_before=NOW + timedelta(seconds=30))
    a_convoy(town, first, second)
    agent = an_agent(town)
    an_agent(town, "Idle")
    at_work(town, agent, first)
    mayor = with_mayor(town)

    told = explain_all(town, NOW)

    assert ["convoy-1", "first", "second", agent.id, mayor.id] == [one.id for one in told]
    assert [explain(town, one.id, NOW) for one in told] == told


def test_a_large_town_is_explained_up_to_a_bound_by_one_look_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many things there are, each rule runs once for each moment that is ahead."""
    town = a_town()
    for number in range(EXPLAINED + 10):
        a_bead(town, f"bead-{number:02d}", not_before=NOW + timedelta(seconds=30 + number % 3))
    ran: list[datetime] = []

    def counted(_town: Town, now: datetime) -> Iterator[Action]:
        ran.append(now)
        yield from ()

    monkeypatch.setattr("gastown.reconciler.explain.RULES", (counted,))

    assert EXPLAINED == len(explain_all(town, NOW))
    assert sorted(set(ran)) == sorted(ran)


def test_a_rule_is_found_among_what_is_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that names the thing, by the moment at which it would."""
    town = a_town()
    bead = a_bead(town, not_before=NOW + timedelta(seconds=30))

    def later(_town: Town, now: datetime) -> Iterator[Action]:
        if now > NOW:
            yield FailBead(bead_id=bead.id, reason="for the test")

    monkeypatch.setattr("gastown.reconciler.explain.RULES", (later,))
    [told] = explain_all(town, NOW)

    assert told.next_step is not None
    assert ("later", NOW + timedelta(seconds=30)) == (told.next_step.rule, told.next_step.at)
