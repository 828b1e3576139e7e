"""Perform one effect of a town: claim it, do it, bring its outcome back.

An effect is performed at least once, so each kind has something that makes the second time harmless; the table below
names it. A try that did not succeed leaves its lease: the tick at the lease's end announces the effect again. After the
last try the town is told that the effect failed, and decides what that means.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gastown.domain.effect import Effect, EffectKind
from gastown.domain.errors import GastownError, NotFound
from gastown.domain.event import EventKind
from gastown.domain.ids import TownId
from gastown.domain.limits import EFFECT_LEASE, MAX_EFFECT_ATTEMPTS
from gastown.ports.town_store import CommitConflict
from gastown.usecases.container_effects import check_task, run_task, stop_task
from gastown.usecases.errand import Errand, Outcome, Outside, SupersededError
from gastown.usecases.execution_effects import answer_wait, start_execution, stop_execution
from gastown.usecases.pull_effects import make_branch, merge_pull, open_pull, poll_pull
from gastown.usecases.town_items import adapter


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How one kind is performed: `once_by` says what makes a second time harmless, `attempts` how often it is tried."""

    perform: Callable[[Errand], Outcome | None]
    once_by: str
    outcomes: tuple[EventKind, ...] = ()
    attempts: int = MAX_EFFECT_ATTEMPTS


TERMS = {
    EffectKind.RUN_TASK: Terms(
        perform=run_task,
        once_by="startedBy town/generation is looked for first; clientToken is a digest of both",
        outcomes=(EventKind.TASK_ACCEPTED, EventKind.TASK_REFUSED),
    ),
    EffectKind.STOP_TASK: Terms(perform=stop_task, once_by="a stopped task stays stopped"),
    EffectKind.CHECK_TASK: Terms(perform=check_task, once_by="it only asks", outcomes=(EventKind.TASK_CHECKED,)),
    EffectKind.START_EXECUTION: Terms(perform=start_execution, once_by="the execution's name"),
    EffectKind.STOP_EXECUTION: Terms(perform=stop_execution, once_by="a stopped execution stays stopped"),
    EffectKind.ANSWER_WAIT: Terms(
        perform=answer_wait,
        once_by="a token is answered once, then it is gone",
        outcomes=(EventKind.WAIT_ANSWERED,),
    ),
    EffectKind.OPEN_PULL: Terms(
        perform=open_pull,
        once_by="the open request of the branch is looked for first",
        outcomes=(EventKind.PULL_OPENED, EventKind.PULL_REFUSED),
    ),
    EffectKind.POLL_PULL: Terms(
        perform=poll_pull, once_by="it only asks", outcomes=(EventKind.PULL_POLLED, EventKind.PULL_REFUSED)
    ),
    EffectKind.MERGE_PULL: Terms(
        perform=merge_pull,
        once_by="it names its sha; merged already is an answer",
        outcomes=(EventKind.PULL_MERGED, EventKind.PULL_REFUSED),
    ),
    EffectKind.MAKE_BRANCH: Terms(
        perform=make_branch, once_by="a branch that is there is fine", outcomes=(EventKind.BRANCH_MADE,)
    ),
}
"""Every kind there is. Each try has `EFFECT_LEASE`, which outlives the function's time limit; after the last attempt
the outcome is `effect_failed`, whatever the kind."""


class Result(StrEnum):
    """How one try ended."""

    PERFORMED = "performed"
    ABSENT = "absent"
    """Settled, superseded, or under way at somebody else."""
    DROPPED = "dropped"
    RETRY = "retry"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one try did, for log and metrics; `error` is set for `retry` and `failed`."""

    result: Result
    kind: str = ""
    attempt: int = 0
    error: str | None = None


def perform_effect(outside: Outside, town_id: str, key: str) -> Report:
    """Perform the effect under an outbox key. Raises `Unavailable` when storage stays away, and unforeseen faults."""
    try:
        body = _claim(outside, town_id, key)
    except NotFound:  # the whole town is gone, and nobody waits for its effects
        return Report(result=Result.ABSENT)
    if body is None:
        return Report(result=Result.ABSENT)
    effect: Effect = adapter(Effect).validate_python(body)
    errand = Errand(town_id=TownId(town_id), effect=effect, outside=outside)
    try:
        return _try(errand, TERMS[effect.kind], key)
    except SupersededError as over:
        _settle(errand, key, None)
        return Report(result=Result.DROPPED, kind=effect.kind, attempt=effect.attempt, error=str(over))


def _claim(outside: Outside, town_id: str, key: str) -> dict[str, Any] | None:
    """One attempt more than there are may be claimed: it finds out that the last one ended in a crash."""
    now = outside.uow.now()
    return outside.uow.store.claim(
        town_id, key, now=now, lease_until=now + EFFECT_LEASE, attempts_max=MAX_EFFECT_ATTEMPTS + 1
    )


def _try(errand: Errand, terms: Terms, key: str) -> Report:
    effect = errand.effect
    if effect.attempt > terms.attempts:
        return _give_up(errand, key, "the last attempt did not come back")
    try:
        outcome = terms.perform(errand)
    except SupersededError:
        raise
    except Exception as fault:
        error = f"{type(fault).__name__}: {fault}"[:1000]
        if effect.attempt >= terms.attempts:
            return _give_up(errand, key, error)
        if isinstance(fault, GastownError):
            return Report(result=Result.RETRY, kind=effect.kind, attempt=effect.attempt, error=error)
        raise
    _settle(errand, key, outcome)
    return Report(result=Result.PERFORMED, kind=effect.kind, attempt=effect.attempt)


def _give_up(errand: Errand, key: str, error: str) -> Report:
    effect = errand.effect
    data: dict[str, object] = {"kind": str(effect.kind), "arguments": effect.arguments, "error": error}
    _settle(errand, key, Outcome(kind=EventKind.EFFECT_FAILED, data=data))
    return Report(result=Result.FAILED, kind=effect.kind, attempt=effect.attempt, error=error)


def _settle(errand: Errand, key: str, outcome: Outcome | None) -> None:
    """Remove the effect and deliver its outcome in one write, then wake the town for it."""
    uow, town_id, effect = errand.outside.uow, errand.town_id, errand.effect
    now = uow.now()
    event = {"kind": str(outcome.kind), "at": now.isoformat(), "data": outcome.data} if outcome else None
    for attempt in uow.tries(CommitConflict):
        with attempt:
            uow.store.settle(town_id, key, f"INBOX#effect#{effect.id}" if event else None, event, now=now)
    if outcome is not None:
        uow.wake(town_id, cause=str(outcome.kind), dedup=f"effect-{effect.id}")
