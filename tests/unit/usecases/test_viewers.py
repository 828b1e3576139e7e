"""A ticket lets one connection in, and what an agent's session does is said to it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import jwt
import pytest

from gastown.api.event_views import FRAME_BYTES, show_news
from gastown.domain.errors import NotFound, Unauthorized, Unavailable
from gastown.usecases import mayors
from gastown.usecases.agent_events import Happening, News, append, event_id, list_events
from gastown.usecases.tokens import mint_container
from gastown.usecases.viewers import LIFE, MOST, OPENING, PATIENCE_S, admit, issue_ticket, say
from tests.support.agent_world import NOW, RIG_ID, SECRETS, TOWN_ID, AgentWorld, Desk, a_desk, an_agent_world
from tests.support.fakes.push_channel import MemoryPushChannel

USER = "user-1"


@pytest.fixture
def world() -> AgentWorld:
    """A polecat at work."""
    return an_agent_world()


@pytest.fixture
def desk(world: AgentWorld) -> Desk:
    """Its town, stored."""
    return a_desk(world.town)


@pytest.fixture
def channel() -> MemoryPushChannel:
    """Connections that are all open."""
    return MemoryPushChannel()


def ticket(desk: Desk, agent_id: str) -> str:
    """A new ticket for this agent."""
    return issue_ticket(desk.work, SECRETS, TOWN_ID, agent_id, USER).token


def watch(desk: Desk, agent_id: str, connection_id: str = "c-1") -> None:
    """Connect with a new ticket; the handshake is long over."""
    admit(desk.work, SECRETS, ticket(desk, agent_id), connection_id)
    desk.around.time += OPENING + timedelta(seconds=1)


def happening(sequence: int, text: str = "") -> Happening:
    """One line of output."""
    return Happening(sequence=sequence, kind="output", at=NOW, data={"text": text or str(sequence)})


def tell(desk: Desk, world: AgentWorld, *sequences: int, dispatch: int = 1, text: str = "") -> News | None:
    """Tell a batch of the polecat's events."""
    batch = [happening(sequence, text) for sequence in sequences]
    return append(desk.work, world.container_claims, world.polecat.id, dispatch, batch)


def rows(desk: Desk) -> list[tuple[str, Any]]:
    """The connections that are remembered, by partition and content."""
    return [(pk, row) for (pk, _), row in desk.store.rows[TOWN_ID].items() if pk.startswith("CONNECTION#")]


def test_a_ticket_lets_its_connection_in_for_two_hours(desk: Desk, world: AgentWorld) -> None:
    """It is remembered beside the working set, and the table's time to live forgets it."""
    claims = admit(desk.work, SECRETS, ticket(desk, world.polecat.id), "c-1")

    assert (USER, TOWN_ID, world.polecat.id) == (claims.user_id, claims.town_id, claims.agent_id)
    [(pk, row)] = rows(desk)
    assert f"CONNECTION#{world.polecat.id}" == pk
    assert ("c-1", int((NOW + timedelta(hours=2)).timestamp())) == (row.body["connection_id"], row.expires_at)
    assert NOW + LIFE == desk.town().agents[world.polecat.id].viewed_until


def test_watching_wakes_nobody(desk: Desk, world: AgentWorld) -> None:
    """No rule looks at who watches."""
    watch(desk, world.polecat.id)

    assert [] == desk.around.wakes


def test_a_ticket_is_good_once(desk: Desk, world: AgentWorld) -> None:
    """Whoever comes with it again is unknown, and the first connection stays as it is."""
    shown = ticket(desk, world.polecat.id)
    admit(desk.work, SECRETS, shown, "c-1")

    with pytest.raises(Unauthorized, match="used"):
        admit(desk.work, SECRETS, shown, "c-2")
    assert ["c-1"] == [row.body["connection_id"] for _, row in rows(desk)]


def test_a_ticket_is_good_once_also_when_its_connection_is_forgotten(
    desk: Desk, world: AgentWorld, channel: MemoryPushChannel
) -> None:
    """That it was used is no part of the connection."""
    shown = ticket(desk, world.polecat.id)
    admit(desk.work, SECRETS, shown, "c-1")
    desk.around.time += OPENING + timedelta(seconds=1)
    channel.gone.add("c-1")
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"{}")
    assert [] == rows(desk)

    with pytest.raises(Unauthorized, match="used"):
        admit(desk.work, SECRETS, shown, "c-2")


def test_two_who_come_with_one_ticket_at_once_are_one(desk: Desk, world: AgentWorld) -> None:
    """The later of two commits loses, looks again, and finds the ticket used."""
    shown, first = ticket(desk, world.polecat.id), desk.store.commit

    def raced(commit: Any) -> None:
        desk.store.commit = first  # type: ignore[method-assign]
        admit(desk.work, SECRETS, shown, "c-1")
        first(commit)

    desk.store.commit = raced  # type: ignore[method-assign]
    with pytest.raises(Unauthorized, match="used"):
        admit(desk.work, SECRETS, shown, "c-2")
    assert ["c-1"] == [row.body["connection_id"] for _, row in rows(desk)]


def test_a_ticket_ends_after_a_minute(desk: Desk, world: AgentWorld) -> None:
    """To the second that its holder was told."""
    issued = issue_ticket(desk.work, SECRETS, TOWN_ID, world.polecat.id, USER)
    assert NOW + timedelta(seconds=60) == issued.expires_at
    desk.around.time = issued.expires_at

    with pytest.raises(Unauthorized, match="expired"):
        admit(desk.work, SECRETS, issued.token, "c-1")


def forgeries(world: AgentWorld) -> Iterator[str]:
    """Everything that looks like a ticket and is none."""
    good = {
        "scope": "watch-agent", "jti": "t-1", "sub": USER, "town_id": TOWN_ID, "agent_id": world.polecat.id,
        "exp": int((NOW + timedelta(seconds=60)).timestamp()),
    }  # fmt: skip
    yield ""
    yield "nonsense"
    yield jwt.encode(good, "another secret that is long enough for hs256", algorithm="HS256")
    yield jwt.encode(good, "", algorithm="none")
    yield mint_container(SECRETS, town_id=TOWN_ID, generation=1, now=NOW)
    yield jwt.encode({**good, "scope": "agent"}, SECRETS[0], algorithm="HS256")
    for name in good:
        yield jwt.encode({key: value for key, value in good.items() if key != name}, SECRETS[0], algorithm="HS256")


def test_nothing_else_is_a_ticket(desk: Desk, world: AgentWorld) -> None:
    """No forgery, no token of another purpose, and none that lacks what it is bound to."""
    for forged in forgeries(world):
        with pytest.raises(Unauthorized):
            admit(desk.work, SECRETS, forged, "c-1")
    assert [] == rows(desk)


def test_a_ticket_of_the_secret_before_is_still_good(desk: Desk, world: AgentWorld) -> None:
    """The secret may be replaced between the ticket and its use."""
    shown = issue_ticket(desk.work, SECRETS[1:], TOWN_ID, world.polecat.id, USER).token

    assert world.polecat.id == admit(desk.work, SECRETS, shown, "c-1").agent_id


def test_there_is_no_ticket_for_nobody(desk: Desk) -> None:
    """An agent that is not this town's is not found."""
    with pytest.raises(NotFound):
        issue_ticket(desk.work, SECRETS, TOWN_ID, "nobody", USER)


def test_while_nobody_watches_nothing_is_asked_and_nothing_to_say(desk: Desk, world: AgentWorld) -> None:
    """A batch reads and writes what it did before there were viewers; so it does when the last may have gone."""
    desk.store.calls.clear()
    assert tell(desk, world, 7) is None
    assert {"read_row": 2, "put_rows": 1} == dict(desk.store.calls)

    watch(desk, world.polecat.id)
    desk.around.time = NOW + LIFE
    desk.store.calls.clear()
    assert tell(desk, world, 8) is None
    assert {"read_row": 2, "put_rows": 1} == dict(desk.store.calls)


def test_who_watches_hears_each_batch_with_what_was_told_before(desk: Desk, world: AgentWorld) -> None:
    """So a batch that was missed, or a new run, is seen by the gap."""
    tell(desk, world, 1)
    watch(desk, world.polecat.id)
    first, second = tell(desk, world, 2, 3), tell(desk, world, 9)

    assert first is not None
    assert second is not None
    assert (event_id(1, 1), [event_id(1, 2), event_id(1, 3)]) == (first.after, [event.id for event in first.events])
    assert (event_id(1, 3), [event_id(1, 9)]) == (second.after, [event.id for event in second.events])
    page = list_events(desk.work, TOWN_ID, RIG_ID, world.polecat.id, after=first.after)
    assert page == [*first.events, *second.events]


def test_the_first_batch_of_a_run_follows_on_nothing(desk: Desk, world: AgentWorld) -> None:
    """Its reader looks by HTTP whether the run before said more."""
    world.polecat.dispatch = 2
    desk = a_desk(world.town)
    watch(desk, world.polecat.id)

    news = tell(desk, world, 1, dispatch=2)

    assert news is not None
    assert event_id(2, 0) == news.after


def test_everybody_who_watches_hears_it(desk: Desk, world: AgentWorld, channel: MemoryPushChannel) -> None:
    """Those of this agent, and nobody else."""
    watch(desk, world.polecat.id, "c-1")
    watch(desk, world.polecat.id, "c-2")
    say(desk.work, channel, TOWN_ID, "another", b"not for them")
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"for them")

    assert {"c-1": [b"for them"], "c-2": [b"for them"]} == channel.heard


def test_a_connection_that_is_gone_is_forgotten(desk: Desk, world: AgentWorld, channel: MemoryPushChannel) -> None:
    """The next batch does not try it again; the others hear it all the same."""
    for name in ("c-1", "c-2"):
        watch(desk, world.polecat.id, name)
    channel.gone.add("c-2")
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"1")
    tries = channel.tries
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"2")

    assert [b"1", b"2"] == channel.heard["c-1"]
    assert (2, 3) == (tries, channel.tries)


def test_a_connection_whose_handshake_is_not_over_is_kept(
    desk: Desk, world: AgentWorld, channel: MemoryPushChannel
) -> None:
    """It counts as gone until the gateway has the answer; a batch in between must not lose its viewer."""
    admit(desk.work, SECRETS, ticket(desk, world.polecat.id), "c-1")
    channel.gone.add("c-1")
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"1")
    channel.gone.clear()
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"2")

    assert [b"2"] == channel.heard["c-1"]


def test_the_newest_connections_are_told(desk: Desk, world: AgentWorld, channel: MemoryPushChannel) -> None:
    """So many, however many there are."""
    for number in range(MOST + 3):
        watch(desk, world.polecat.id, f"c-{number}")
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"{}")

    assert {f"c-{number}" for number in range(3, MOST + 3)} == set(channel.heard)


def test_a_channel_that_does_not_answer_fails_nobody(
    desk: Desk, world: AgentWorld, channel: MemoryPushChannel, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is counted; the connection stays, and hears the next batch."""
    watch(desk, world.polecat.id)
    channel.failure = Unavailable("away")
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"1")
    assert '"signals_unsent":[1.0]' in capsys.readouterr().out.replace(" ", "")

    channel.failure = None
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"2")
    assert [b"2"] == channel.heard["c-1"]


def test_a_viewer_who_cannot_be_told_silences_nobody_else(
    desk: Desk, world: AgentWorld, channel: MemoryPushChannel
) -> None:
    """Each is tried for itself."""
    for name in ("c-1", "c-2", "c-3"):
        watch(desk, world.polecat.id, name)
    channel.stuck.add("c-2")
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"{}")

    assert {"c-1", "c-3"} == set(channel.heard)
    assert 3 == len(rows(desk))


def test_slow_viewers_are_given_up_after_a_second(desk: Desk, world: AgentWorld, channel: MemoryPushChannel) -> None:
    """Whoever tells the batch waits for the answer."""
    for number in range(5):
        watch(desk, world.polecat.id, f"c-{number}")
    clock = count(step=PATIENCE_S * 0.4)
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"{}", elapsed=lambda: next(clock))

    assert 2 == channel.tries


def test_storage_that_does_not_answer_fails_nobody(
    desk: Desk, world: AgentWorld, channel: MemoryPushChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch itself is kept already."""

    def away(*_arguments: object, **_more: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(desk.store, "list_rows", away)
    say(desk.work, channel, TOWN_ID, world.polecat.id, b"{}")

    assert 0 == channel.tries


def test_a_message_holds_the_events_as_http_shows_them(desk: Desk, world: AgentWorld) -> None:
    """With the cursor to read on from."""
    watch(desk, world.polecat.id)
    news = tell(desk, world, 1, 2, text="ü")
    assert news is not None

    said = json.loads(show_news(world.polecat.id, news))

    assert (world.polecat.id, event_id(1, 0), event_id(1, 2), False) == (
        said["agent_id"], said["after"], said["cursor"], said["more"],
    )  # fmt: skip
    assert ["ü", "ü"] == [event["data"]["text"] for event in said["events"]]


@pytest.mark.parametrize("letter", ["x", "ü", '"'])
def test_a_message_that_is_too_long_only_says_that_there_is_more(desk: Desk, world: AgentWorld, letter: str) -> None:
    """It is counted in bytes as they are sent: one frame, never a connection that is closed for its size."""
    watch(desk, world.polecat.id)
    fits, too_long = tell(desk, world, 1, text=letter * 15_000), tell(desk, world, 2, 3, 4, text=letter * 15_000)
    assert fits is not None
    assert too_long is not None

    whole, bell = show_news(world.polecat.id, fits), show_news(world.polecat.id, too_long)

    assert max(len(whole), len(bell)) <= FRAME_BYTES
    assert (1, False) == (len(json.loads(whole)["events"]), json.loads(whole)["more"])
    said = json.loads(bell)
    assert ([], True, event_id(1, 1), event_id(1, 4)) == (said["events"], said["more"], said["after"], said["cursor"])


def test_the_mayor_is_watched_like_any_agent(desk: Desk) -> None:
    """It has a place of its own in the town."""
    mayors.ensure(desk.work, TOWN_ID, USER)
    mayor = desk.town().mayor
    assert mayor is not None
    admit(desk.work, SECRETS, ticket(desk, mayor.id), "c-1")

    watched = desk.town().mayor
    assert watched is not None
    assert NOW + LIFE == watched.viewed_until
