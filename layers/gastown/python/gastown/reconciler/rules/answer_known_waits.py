"""Answer the waits of convoy executions whose answer is known."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.domain.waiting import wait_answer
from gastown.reconciler.actions import AnswerWait


def answer_known_waits(town: Town, _now: datetime) -> Iterator[AnswerWait]:
    """The town decides, the execution mirrors: each wait is answered once, when its subject has moved."""
    for wait in town.waits.values():
        if not wait.answered and wait_answer(town, wait.key) is not None:
            yield AnswerWait(key=wait.key, reason=f"the answer of {wait.step} is known")
