"""The waits of convoy executions: registered, answered once the answer is known, and forgotten when it arrived.

A wait is a task token of the state machine. Whoever speaks of one names it by its mark, because tokens stay out of
journal, outbox and log (design section 7).
"""

import hashlib

from gastown.domain.bead import BeadStatus
from gastown.domain.convoy import Convoy, ConvoyState
from gastown.domain.effect import Effect, EffectKind, Wait
from gastown.domain.ids import BeadId, EffectId, Moment
from gastown.domain.town import Town


def mark_of(token: str) -> str:
    """What tells one token of a step from a later one without being one."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def keep_wait(town: Town, wait: Wait) -> None:
    """Register a wait (1 item); it replaces an earlier one of the same step and never a later one."""
    known = town.waits.get(wait.key)
    if known is None or (known.token != wait.token and known.registered_at <= wait.registered_at):
        town.waits[wait.key] = wait


def answer_wait(town: Town, key: str, moment: Moment) -> None:
    """Ask for the answer of a state machine's wait; the token is read from the wait when it is sent."""
    wait = town.waits[key]
    wait.answered = True
    effect = Effect(
        id=EffectId(moment.new_id()),
        kind=EffectKind.ANSWER_WAIT,
        created_at=moment.now,
        arguments={"key": key, "answer": wait_answer(town, key)},
    )
    town.effects[effect.id] = effect


def wait_answer(town: Town, key: str) -> dict[str, object] | None:
    """What a wait is answered with now, or none while it is not known."""
    wait = town.waits[key]
    convoy = town.convoys.get(BeadId(wait.convoy_id))
    if convoy is None:
        return None
    return answer_of(convoy, wait.step, town.status_of(BeadId(wait.bead_id)) if wait.bead_id else None, wait.bead_id)


def answer_of(convoy: Convoy, step: str, status: BeadStatus | None, bead_id: str | None) -> dict[str, object] | None:
    """The answer of one step of a convoy's execution; `status` is the bead's, for the step `bead`."""
    match step:
        case "start":
            if convoy.is_over:
                return {"outcome": "closed"}
            return None if convoy.state is ConvoyState.STAGED else {"outcome": "started"}
        case "bead":
            if bead_id not in convoy.beads:
                return {"outcome": "removed"}
            ended = status in (BeadStatus.CLOSED, BeadStatus.FAILED)
            return {"outcome": str(status)} if ended else ({"outcome": "removed"} if convoy.is_over else None)
        case _:
            return {"outcome": str(convoy.state)} if convoy.is_over else None


def forget_wait(town: Town, key: str, mark: str) -> None:
    """Take out a wait whose answer has arrived (1 item), unless a later one has replaced it."""
    wait = town.waits.get(key)
    if wait is not None and mark_of(wait.token) == mark:
        del town.waits[key]


def give_up_wait(town: Town, key: str) -> None:
    """Take out a wait that could not be answered (1 item): its step times out, is entered again, and asks again."""
    wait = town.waits.get(key)
    if wait is not None and wait.answered:
        del town.waits[key]
