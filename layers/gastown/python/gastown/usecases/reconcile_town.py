"""A tick: load, apply what arrived, decide until quiet, commit once, then let the world know.

Nothing outside happens before the commit. After it come the effects (each claimed before it is performed), the alarm
and the doorbell; a crash in between is healed by the next wake, because all three are derived from what was committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gastown.domain.attempts import EVENTS
from gastown.domain.ending import forget_stubs
from gastown.domain.errors import GastownError
from gastown.domain.escalation import Severity
from gastown.domain.event import TownEvent
from gastown.domain.forgetting import forget_old_agents
from gastown.domain.housing import forget_commands
from gastown.domain.ids import Moment
from gastown.domain.limits import COMMIT_ITEMS, EFFECT_LEASE, TICK_ROUNDS
from gastown.domain.town import Town
from gastown.domain.warning import opened_between, raise_escalation
from gastown.ports.alarm import Alarm
from gastown.ports.doorbell import Doorbell
from gastown.ports.effects_queue import EffectsQueue
from gastown.ports.town_store import CommitConflict, CommitUnknown, Condition
from gastown.reconciler.actions import Action, LoseRun
from gastown.reconciler.apply_action import apply_action
from gastown.reconciler.apply_event import apply_event
from gastown.reconciler.decide import decide
from gastown.reconciler.order import in_order
from gastown.reconciler.wake_ups import next_wake_up
from gastown.usecases.commit_plan import Loaded, changes
from gastown.usecases.journal import Account, drained, seen
from gastown.usecases.signals import unsent
from gastown.usecases.tick_report import WATCHED, TickReport
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.work_job import Slice, apply_slice, failed, next_slice

ROOM = COMMIT_ITEMS - 26
"""A tick stops taking on more when this many items have changed; the largest single move stays below the rest."""

FEW_STUBS = 10
"""So many stubs may be dropped without counting what else the commit changes."""


@dataclass(kw_only=True)
class Draft:
    """A tick before its commit: the changed town, and what the commit rests on."""

    loaded: Loaded
    town: Town
    moment: Moment
    report: TickReport
    conditions: list[Condition] = field(default_factory=list)


class Reconciler:
    """Ticks over one unit of work and the three ways out of it."""

    def __init__(self, *, uow: UnitOfWork, effects_queue: EffectsQueue, alarm: Alarm, doorbell: Doorbell) -> None:
        """Keep the ports; nothing is called yet."""
        self.uow, self.effects_queue, self.alarm, self.doorbell = uow, effects_queue, alarm, doorbell

    def tick(self, town_id: str, *, one_event: bool = False) -> TickReport:
        """Bring a town to rest. Raises `NotFound`, and `Unavailable` when storage stays away."""
        draft: Draft | None = None
        for attempt in self.uow.tries(CommitConflict):
            with attempt:
                loaded = self.uow.load(town_id)
                draft = self._settle_on_commit(loaded, one_event=one_event)
                draft.report.retries = attempt.retry_state.attempt_number - 1
        if draft is None:
            raise AssertionError(town_id)
        self._let_know(loaded, draft)
        return draft.report

    def _settle_on_commit(self, loaded: Loaded, *, one_event: bool) -> Draft:
        work = None if one_event else next_slice(self.uow, loaded.town, self.uow.moment(loaded.town).now)
        draft = self._draft(loaded, work, one_event=one_event)
        town, report, now = draft.town, draft.report, draft.moment.now
        due_at = now if report.more else town.wake_at
        differs = changes(loaded, town)
        report.version, report.wake_at, report.effects = town.version, town.wake_at, len(town.effects)
        report.pending, report.escalations = len(town.inbox), opened_between(loaded.town, town)
        if not differs[1] and not _bookkeeping_differs(loaded.town, town, due_at):
            return draft
        account = Account(
            actor="reconciler",
            cause="tick",
            reasons=report.actions,
            events=[drained(event) for key, event in loaded.town.inbox.items() if key not in town.inbox],
            seen=seen(loaded.town),
            refused=report.refused,
        )
        self.uow.catch_up(loaded.town)
        try:
            self.uow.commit(
                loaded, town, account, now=now, due_at=due_at, conditions=tuple(draft.conditions), differs=differs
            )
        except CommitUnknown as unknown:
            raise CommitConflict("outcome unknown: the next try sees it") from unknown
        report.committed, report.version = True, town.version
        report.told = [note for note in town.notes if note.type in WATCHED]
        return draft

    def rehearse(self, loaded: Loaded, *, at: datetime | None = None) -> TickReport:
        """What a tick would do to this town now, or would have done at another time; nothing is written or sent."""
        draft = self._draft(loaded, None, at=at)
        draft.report.version, draft.report.wake_at = draft.town.version, draft.town.wake_at
        return draft.report

    def _draft(
        self, loaded: Loaded, work: Slice | None, *, one_event: bool = False, at: datetime | None = None
    ) -> Draft:
        """Apply events, a job's slice and rules to a fresh copy; what raises is left out and the copy is made again."""
        skipped: dict[str, str] = {}
        while True:
            town = loaded.again()
            moment = self.uow.moment(town, at)
            draft = Draft(loaded=loaded, town=town, moment=moment, report=TickReport(town_id=town.id))
            broken = self._apply_events(draft, skipped, one_event=one_event)
            if broken is None and work is not None and (fault := _work(draft, work)) is not None:
                work = failed(work, fault)
                continue
            if broken is None:
                self._decide(draft)
                self._plan_next(draft)
                return draft
            key, error = broken
            skipped[key] = error

    def _apply_events(self, draft: Draft, skipped: dict[str, str], *, one_event: bool) -> tuple[str, str] | None:
        events = in_order(draft.town.inbox.values())
        for event in events[:1] if one_event else events:
            if event.key in skipped:
                self._count_failure(draft, event, skipped[event.key])
                continue
            try:
                apply_event(draft.town, event, draft.moment)
            except GastownError as refusal:
                draft.report.refused.append(f"{event.kind}: {refusal}")
            except Exception as fault:  # noqa: BLE001 - one bad event stops nothing else; it is counted and shown
                return event.key, f"{type(fault).__name__}: {fault}"
            del draft.town.inbox[event.key]
            draft.report.events += 1
            if self._is_full(draft):
                break
        kept_back = sum(1 for event in draft.town.inbox.values() if event.key in skipped)
        draft.report.more = len(draft.town.inbox) > kept_back
        return None

    def _count_failure(self, draft: Draft, event: TownEvent, error: str) -> None:
        draft.report.failures.append(f"{event.key}: {error}")
        if EVENTS.is_over(event.failures + 1):
            self._set_aside(draft, event, error)
            return
        failed = TownEvent(
            key=event.key, kind=event.kind, at=event.at, data=event.data, failures=event.failures + 1, error=error
        )
        draft.town.inbox[event.key] = failed

    @staticmethod
    def _set_aside(draft: Draft, event: TownEvent, error: str) -> None:
        del draft.town.inbox[event.key]
        raise_escalation(
            draft.town,
            draft.moment,
            cause=f"event:{event.key}",
            severity=Severity.MEDIUM,
            title=f"An event could not be applied: {event.kind}",
            message=f"{error}\n{event.data}"[:2000],
        )

    def _decide(self, draft: Draft) -> None:
        while not draft.report.more:
            actions = decide(draft.town, draft.moment.now)
            if not actions:
                return
            draft.report.rounds += 1
            if draft.report.rounds > TICK_ROUNDS:
                draft.report.failures.append(f"not quiet after {TICK_ROUNDS} rounds: {actions[0].reason}")
                return
            self._apply_actions(draft, actions)

    def _apply_actions(self, draft: Draft, actions: Sequence[Action]) -> None:
        for action in actions:
            draft.conditions.extend(c for c in _rests_on(draft.loaded, action) if c not in draft.conditions)
            apply_action(draft.town, action, draft.moment)
            draft.report.did(type(action).__name__, action.reason)
            if self._is_full(draft):
                draft.report.more = True
                return

    @staticmethod
    def _is_full(draft: Draft) -> bool:
        """Whether the commit is near its bound; counted exactly only when a guess says that it may be."""
        town = draft.town
        guess = 2 * len(town.notes) + 3 * len(town.finals) + 3 * len(town.commands) + len(town.effects)
        return guess > ROOM // 2 and len(changes(draft.loaded, town)[1]) + len(town.finals) > ROOM

    @staticmethod
    def _room(draft: Draft) -> int:
        """How many more items the commit may change, at least one."""
        return max(1, ROOM - len(changes(draft.loaded, draft.town)[1]) - len(draft.town.finals))

    def _plan_next(self, draft: Draft) -> None:
        town, now = draft.town, draft.moment.now
        forget_commands(town)
        if forget_stubs(town, most=FEW_STUBS if len(town.stubs) <= FEW_STUBS else self._room(draft)):
            draft.report.more = True
        if draft.report.events or draft.report.actions:
            forget_old_agents(town, draft.moment)
        leases = [_lease_end(effect.lease_until, effect.created_at) for effect in town.effects.values()]
        draft.report.more = draft.report.more or any(job.is_due(now) for job in town.jobs.values())
        moments = [
            next_wake_up(town, now),
            *(j.not_before for j in town.jobs.values() if j.not_before is not None and j.not_before > now),
            *(end if end > now else now + EFFECT_LEASE for end in leases),
        ]
        town.wake_at = min((moment for moment in moments if moment is not None), default=None)
        armed = town.alarm_at if town.alarm_at is not None and town.alarm_at > now else None
        if town.wake_at is not None and (armed is None or town.wake_at < armed):
            town.alarm_at = town.wake_at

    def _let_know(self, loaded: Loaded, draft: Draft) -> None:
        """Publish what waits, arm what is due, ring if there is something to fetch."""
        before, town, now = loaded.town, draft.town, draft.moment.now
        waiting = [
            f"OUTBOX#{key}" for key, effect in town.effects.items()
            if effect.lease_until is None or effect.lease_until <= now
        ]  # fmt: skip
        if waiting:
            with unsent("publish"):
                self.effects_queue.publish(town.id, waiting)
        if draft.report.committed and town.alarm_at is not None and town.alarm_at != before.alarm_at:
            with unsent("alarm"):
                self.alarm.arm(town.id, town.alarm_at, now)
        new_commands = set(town.commands) - set(before.commands)
        if new_commands and town.container.connection_id is not None:
            with unsent("doorbell"):
                self.doorbell.ring(town.container.connection_id)
        if draft.report.more:
            self.uow.wake(town.id, cause="more", dedup=f"{town.version}-more")


def _work(draft: Draft, work: Slice) -> Exception | None:
    """Do a job's slice if there is room for it; what it raised, so that it can be counted on a fresh copy."""
    if draft.report.more or work.job_id not in draft.town.jobs:
        return None
    try:
        apply_slice(draft.town, work, draft.moment)
    except Exception as fault:
        if work.error is not None:
            raise
        return fault
    draft.report.did("Job", work.error or "one slice", subject=f" {work.job_id}")
    return None


def _lease_end(lease_until: datetime | None, created_at: datetime) -> datetime:
    return (lease_until or created_at) + timedelta(seconds=1) + EFFECT_LEASE


def _bookkeeping_differs(before: Town, after: Town, due_at: datetime | None) -> bool:
    return (before.due_at, before.alarm_at) != (due_at, after.alarm_at)


def _rests_on(loaded: Loaded, action: Action) -> list[Condition]:
    """A decision that rests on silence is committed only if the silence still holds (design section 2)."""
    key = f"PULSE#{loaded.town.container.generation}"
    if not isinstance(action, LoseRun) or key not in loaded.items:
        return []
    return [Condition(key=key, field="at", equals=loaded.items[key].body["at"])]
