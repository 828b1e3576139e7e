"""The rule `expire_messages`."""

from datetime import timedelta

from gastown.domain.conversing import address_mayor
from gastown.domain.ids import Moment
from gastown.domain.limits import MAIL_LIFE, NUDGE_LIFE
from gastown.domain.nudging import push, queue_nudge, send_mail
from gastown.reconciler.rules.expire_messages import expire_messages
from tests.support.builders import NOW, a_town, an_agent, at, new_ids


def test_a_nudge_ends_at_its_own_time_and_mail_after_a_week() -> None:
    """Not a moment before."""
    town, moment = a_town(), Moment(now=NOW, ids=new_ids())
    an_agent(town)
    short = queue_nudge(town, "toast", "soon over", moment, ttl=timedelta(seconds=60))
    day = queue_nudge(town, "toast", "a day", moment)
    letter = send_mail(town, "user-1", "toast", "Subject", "Body", moment)

    def ended(after: timedelta) -> set[str]:
        return {action.message_id for action in expire_messages(town, NOW + after)}

    assert ended(timedelta(seconds=59.9)) == set()
    assert ended(timedelta(seconds=60)) == {short.id}
    assert ended(NUDGE_LIFE) == {short.id, day.id}
    assert ended(MAIL_LIFE) == {short.id, day.id, letter.id}


def test_a_persons_words_to_the_mayor_never_expire() -> None:
    """They wait until the mayor can be started."""
    town = a_town()
    address_mayor(town, "Hello", at(), by="user-1")

    assert list(expire_messages(town, NOW + timedelta(days=365))) == []


def test_what_is_under_way_is_left_to_its_answer() -> None:
    """The container may take it at this moment."""
    town, moment = a_town(), Moment(now=NOW, ids=new_ids())
    an_agent(town)
    nudge = queue_nudge(town, "toast", "hello", moment)
    push(town, "toast", 1, [nudge], moment)

    assert list(expire_messages(town, NOW + NUDGE_LIFE)) == []


def test_words_for_somebody_who_is_gone_are_dropped() -> None:
    """Also a person's words to a mayor that was dismissed, which would never expire."""
    town = a_town()
    address_mayor(town, "Hello", at(), by="user-1")
    town.mayor = None

    assert len(list(expire_messages(town, NOW))) == 1
