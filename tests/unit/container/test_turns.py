"""What the events of a served session amount to."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gastown.container.runtimes.serve_client import ServeEvent
from gastown.container.runtimes.turns import RETRY_LIMIT, Change, Turns

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINE = "ses_mine"


def event(kind: str, session: str = MINE, **properties: Any) -> ServeEvent:
    """An event of a session."""
    return ServeEvent(type=kind, properties={"sessionID": session, **properties})


def taken(message: str = "msg_1", at: datetime = NOW) -> ServeEvent:
    """A message of ours in the conversation."""
    created = int(at.timestamp() * 1000)
    return event("message.updated", info={"id": message, "role": "user", "time": {"created": created}})


def status(kind: str, **more: Any) -> ServeEvent:
    """The session's status."""
    return event("session.status", status={"type": kind, **more})


IDLE = event("session.idle")
ERROR = event("session.error", error={"name": "APIError", "data": {"message": "no quota", "statusCode": 429}})


def a_session() -> Turns:
    """A session that was told something."""
    turns = Turns(MINE, NOW)
    turns.sent(NOW)
    return turns


def test_a_turn_is_over_at_its_own_idle() -> None:
    """An idle that was on its way before the message was taken says nothing of the message."""
    turns = a_session()

    assert [Change.NOTHING, Change.NOTHING, Change.NOTHING] == [
        turns.hear(e, NOW) for e in (IDLE, taken(), status("busy"))
    ]
    assert not turns.is_idle
    assert Change.IDLE is turns.hear(IDLE, NOW)
    assert turns.is_idle


def test_an_older_message_is_not_taken_for_ours() -> None:
    """A resumed session tells of old messages again."""
    turns = a_session()
    turns.hear(taken("msg_old", NOW - timedelta(days=1)), NOW)

    assert Change.NOTHING is turns.hear(IDLE, NOW)


def test_an_error_that_ends_a_turn_fails_the_session() -> None:
    """Its own words and the status are kept."""
    turns = a_session()
    turns.hear(taken(), NOW)
    turns.hear(ERROR, NOW)

    assert Change.FAILED is turns.hear(IDLE, NOW)
    assert "APIError (HTTP 429): no quota" == turns.failure


def test_an_error_that_the_program_goes_on_after_does_not() -> None:
    """A conversation that became too long is shortened, and the turn goes on."""
    turns = a_session()
    for one in (taken(), ERROR, status("busy")):
        turns.hear(one, NOW)

    assert Change.IDLE is turns.hear(IDLE, NOW)


def test_an_api_that_never_answers_is_given_up() -> None:
    """The program would ask for ever; each sign of life of the server is a look at the clock."""
    turns = a_session()
    turns.hear(taken(), NOW)
    turns.hear(status("retry", message="overloaded"), NOW)
    beat = ServeEvent(type="server.heartbeat", properties={})

    assert Change.NOTHING is turns.hear(beat, NOW + timedelta(seconds=RETRY_LIMIT))
    assert Change.FAILED is turns.hear(beat, NOW + timedelta(seconds=RETRY_LIMIT + 1))
    assert "overloaded" in turns.failure


def test_sub_agents_are_signs_of_life_only() -> None:
    """Their idle ends no turn of ours; tools that run are named while they do."""
    turns = a_session()
    turns.hear(taken(), NOW)
    tool = {"type": "tool", "tool": "bash", "callID": "c", "state": {"status": "running"}}
    turns.hear(event("message.part.updated", part=tool), NOW)

    assert Change.NOTHING is turns.hear(event("session.idle", session="ses_child"), NOW + timedelta(1))
    assert (NOW + timedelta(1), ("bash",)) == (turns.activity().last_event_at, turns.activity().active_tools)
    turns.hear(event("message.part.updated", part={**tool, "state": {"status": "completed"}}), NOW)
    assert () == turns.activity().active_tools
