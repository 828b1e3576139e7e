"""Agents' events are kept once each, for a while, and the newest ten thousand of them."""

from datetime import timedelta

import pytest

from gastown.domain.conversation import AgentEvent
from gastown.domain.errors import Conflict, NotFound, StaleDispatch
from gastown.usecases import agent_events
from gastown.usecases.agent_events import KEPT, LIFE, TRIMMED_EVERY, Happening, append, event_id, list_events
from tests.support.agent_world import NOW, RIG_ID, TOWN_ID, AgentWorld, Desk, a_desk, an_agent_world, container_claims


@pytest.fixture
def world() -> AgentWorld:
    """A polecat at work."""
    return an_agent_world()


@pytest.fixture
def desk(world: AgentWorld) -> Desk:
    """Its town, stored."""
    return a_desk(world.town)


def happening(sequence: int, text: str = "") -> Happening:
    """One line of output."""
    return Happening(sequence=sequence, kind="output", at=NOW, data={"text": text or str(sequence)})


def read(desk: Desk, agent_id: str, after: int = 0, limit: int = 1000) -> list[AgentEvent]:
    """A page of the agent's events."""
    return list_events(desk.work, TOWN_ID, RIG_ID, agent_id, after=after, limit=limit)


def test_events_are_read_in_pages_oldest_first(desk: Desk, world: AgentWorld) -> None:
    """Each page begins after the last id of the one before."""
    append(desk.work, world.container_claims, world.polecat.id, 1, [happening(n) for n in range(1, 8)])

    first = read(desk, world.polecat.id, limit=4)
    rest = read(desk, world.polecat.id, after=first[-1].id)

    assert ["1", "2", "3", "4", "5", "6", "7"] == [event.data["text"] for event in (*first, *rest)]
    assert [] == read(desk, world.polecat.id, after=rest[-1].id)


def test_a_batch_told_again_changes_nothing(desk: Desk, world: AgentWorld) -> None:
    """Also when the answer to the first was lost and more has happened since."""
    append(desk.work, world.container_claims, world.polecat.id, 1, [happening(1), happening(2)])
    append(desk.work, world.container_claims, world.polecat.id, 1, [happening(1), happening(2)])
    append(desk.work, world.container_claims, world.polecat.id, 1, [happening(3)])

    assert [1, 2, 3] == [event.id % 10**9 for event in read(desk, world.polecat.id)]


def test_the_last_words_of_an_older_run_stand_before_the_newer_one(desk: Desk, world: AgentWorld) -> None:
    """They may arrive late; ids rise with dispatch and number."""
    world.polecat.dispatch = 2
    desk = a_desk(world.town)
    append(desk.work, world.container_claims, world.polecat.id, 2, [happening(1, "new")])
    append(desk.work, world.container_claims, world.polecat.id, 1, [happening(9, "old")])

    assert ["old", "new"] == [event.data["text"] for event in read(desk, world.polecat.id)]


def test_only_the_present_generation_may_tell(desk: Desk, world: AgentWorld) -> None:
    """Whatever an older container says is refused, and nothing is kept of it."""
    with pytest.raises(StaleDispatch):
        append(desk.work, container_claims(0), world.polecat.id, 1, [happening(1)])

    assert [] == read(desk, world.polecat.id)


def test_nobody_tells_of_agents_or_runs_that_never_were(desk: Desk, world: AgentWorld) -> None:
    """An unknown agent is not found; a run of the future is a conflict."""
    with pytest.raises(NotFound):
        append(desk.work, world.container_claims, "nobody", 1, [happening(1)])
    with pytest.raises(Conflict):
        append(desk.work, world.container_claims, world.polecat.id, 2, [happening(1)])
    with pytest.raises(NotFound):
        list_events(desk.work, TOWN_ID, "another-rig", world.polecat.id)


def test_an_event_is_forgotten_after_its_life(desk: Desk, world: AgentWorld) -> None:
    """The table's own time to live removes it."""
    append(desk.work, world.container_claims, world.polecat.id, 1, [happening(1)])

    row = desk.store.rows[TOWN_ID][f"AGENT#{world.polecat.id}", f"EVENT#{event_id(1, 1):018d}"]
    assert int((NOW + LIFE).timestamp()) == row.expires_at
    assert timedelta(days=30) == LIFE


def test_the_newest_ten_thousand_are_kept(desk: Desk, world: AgentWorld) -> None:
    """Over several runs, and never more than one step of tidying above."""
    world.polecat.dispatch = 3
    desk = a_desk(world.town)
    most = 0
    for dispatch, events in ((1, 6_000), (2, 5_000), (3, 4_000)):
        for first in range(1, events, 100):
            batch = [happening(n) for n in range(first, first + 100)]
            append(desk.work, world.container_claims, world.polecat.id, dispatch, batch)
            kept = sum(1 for _, sk in desk.store.rows[TOWN_ID] if sk.startswith("EVENT#"))
            most = max(most, kept)

    page = read(desk, world.polecat.id, limit=1)
    assert KEPT <= most <= KEPT + TRIMMED_EVERY + 100
    assert event_id(1, 5_001) - TRIMMED_EVERY <= page[0].id <= event_id(1, 5_001)


def test_appending_reads_two_items_and_not_the_town(desk: Desk, world: AgentWorld) -> None:
    """It is asked once a second for each agent."""
    desk.store.calls.clear()
    append(desk.work, world.container_claims, world.polecat.id, 1, [happening(7)])

    assert {"read_row": 2, "put_rows": 1} == dict(desk.store.calls)


def test_a_conversation_is_rebuilt_from_the_newest_pages(desk: Desk, world: AgentWorld) -> None:
    """What does not fit is not even read."""
    for first in range(1, 4_001, 100):
        append(
            desk.work, world.container_claims, world.polecat.id, 1, [happening(n) for n in range(first, first + 100)]
        )
    desk.store.calls.clear()

    [turn] = agent_events.conversation_for(desk.work, world.container_claims, world.polecat.id)

    assert turn.text.endswith("\n3999\n4000")
    assert 4 == desk.store.calls["list_rows"]


def test_the_session_that_continues_hears_what_was_told_a_moment_ago(desk: Desk, world: AgentWorld) -> None:
    """Reads may lag behind writes for a while, except those that ask for the latest."""
    append(desk.work, world.container_claims, world.polecat.id, 1, [happening(1, "just now")])
    desk.store.unseen = set(desk.store.rows[TOWN_ID])

    assert [] == agent_events.conversation(desk.work, TOWN_ID, world.polecat.id)
    [turn] = agent_events.conversation_for(desk.work, world.container_claims, world.polecat.id)
    assert "just now" == turn.text
