"""The rule `push_messages`."""

from datetime import timedelta

from gastown.domain.ids import Moment
from gastown.domain.limits import MAX_PUSHES, PUSH_BACKOFF
from gastown.domain.nudge import NudgeMode, NudgePriority
from gastown.domain.nudging import push, queue_nudge, send_mail, settle_push
from gastown.domain.town import Town
from gastown.reconciler.rules.push_messages import push_messages
from gastown.reconciler.signs import pushable
from tests.support.builders import NOW, a_bead, a_town, an_agent, at, at_work, new_ids, with_container


def a_listener() -> tuple[Town, Moment]:
    """A town whose agent `toast` runs and can be spoken to."""
    town, moment = with_container(a_town()), Moment(now=NOW, ids=new_ids())
    agent = an_agent(town)
    at_work(town, agent, a_bead(town)).accepted_at = NOW
    town.commands.clear()
    return town, moment


def test_urgent_words_go_first_and_all_in_one_command() -> None:
    """Then the oldest; mail goes with them."""
    town, moment = a_listener()
    letter = send_mail(town, "user-1", "toast", "Subject", "Body", moment)
    calm = queue_nudge(town, "toast", "calm", moment)
    urgent = queue_nudge(town, "toast", "urgent", moment, priority=NudgePriority.URGENT)

    [action] = push_messages(town, NOW)

    assert action.agent_id == "toast"
    assert [message.id for message in pushable(town, action.agent_id)] == [urgent.id, calm.id, letter.id]


def test_nothing_is_pushed_to_who_does_not_run() -> None:
    """It waits for the next run."""
    town = with_container(a_town())
    an_agent(town)
    queue_nudge(town, "toast", "hello", at())

    assert list(push_messages(town, NOW)) == []


def test_what_is_to_be_fetched_is_not_pushed() -> None:
    """The mode `queue` leaves it to the agent."""
    town, moment = a_listener()
    queue_nudge(town, "toast", "hello", moment, mode=NudgeMode.QUEUE)

    assert list(push_messages(town, NOW)) == []


def test_a_second_command_waits_for_the_answer_of_the_first() -> None:
    """So the order holds, and nothing is said twice."""
    town, moment = a_listener()
    nudge = queue_nudge(town, "toast", "first", moment)
    push(town, "toast", 1, [nudge], moment)
    queue_nudge(town, "toast", "second", moment)
    assert list(push_messages(town, NOW)) == []

    town.commands.clear()
    assert len(list(push_messages(town, NOW))) == 1


def test_a_refused_push_waits_longer_each_time_and_not_for_ever() -> None:
    """After five refusals the message waits for its agent to ask."""
    town, moment = a_listener()
    nudge = queue_nudge(town, "toast", "hello", moment)
    for refusals in range(MAX_PUSHES):
        push(town, "toast", 1, [nudge], moment)
        settle_push(town, town.commands.popitem()[1], moment, accepted=False)
        assert nudge.not_before == NOW + PUSH_BACKOFF * 2**refusals

    assert list(push_messages(town, NOW + timedelta(days=1))) == []
    assert nudge.id in town.nudges
