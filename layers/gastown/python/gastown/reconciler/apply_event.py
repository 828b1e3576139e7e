"""From an event of the inbox to the domain's move. A refusal (stale, unknown, over) changes nothing and is reported."""

from datetime import datetime
from typing import Any

from gastown.domain.agent import RunEnd
from gastown.domain.command import Command, CommandKind
from gastown.domain.conversing import (
    accept_session,
    accept_unanswered_start,
    begin_turn,
    end_session,
    end_turn,
    refuse_session,
)
from gastown.domain.convoying import branch_made, change_execution
from gastown.domain.effect import EffectKind
from gastown.domain.escalation import Severity
from gastown.domain.event import EventKind, TownEvent
from gastown.domain.housing import accept_task, evict_container, refuse_task, stop_container, vouch_container
from gastown.domain.ids import CommandId, Moment, RigId
from gastown.domain.merge_status import MergeStatus
from gastown.domain.merging import MergeOutcome, apply_merge, postpone
from gastown.domain.nudging import settle_push
from gastown.domain.reporting import EVICTION, Done, Exit, accept_start, apply_completed, apply_done, refuse_start
from gastown.domain.review import GateResult
from gastown.domain.town import Town
from gastown.domain.waiting import forget_wait, give_up_wait
from gastown.domain.warning import raise_escalation
from gastown.domain.watching import lose_answer
from gastown.reconciler.apply_pull_event import PULL_EVENTS, apply_pull_event

INFRASTRUCTURE = "infrastructure"
"""The cause of a refusal that the town's settings have no part in."""


def apply_event(  # noqa: C901, PLR0912 - one case a kind reads best in one place
    town: Town, event: TownEvent, moment: Moment
) -> None:
    """Apply one event. Raises a `GastownError` when the town refuses it; the tick then drops it and says so."""
    data: dict[str, Any] = event.data
    if event.kind in PULL_EVENTS:
        apply_pull_event(town, event.kind, data, moment)
        return
    match event.kind:
        case EventKind.COMMAND_ACKED:
            _acked(town, data, moment)
        case EventKind.AGENT_DONE:
            apply_done(town, data["agent_id"], data["dispatch"], _done(data), moment)
        case EventKind.AGENT_COMPLETED:
            _completed(town, data, moment)
        case EventKind.CONTAINER_EVICTED:
            evict_container(town, int(data["generation"]), moment)
        case EventKind.MAYOR_WAITING:
            end_turn(town, data["dispatch"], _moment(data.get("fired_at")), moment)
        case EventKind.MERGE_REPORTED:
            apply_merge(town, merge_outcome(data), moment)
        case EventKind.SETUP_REPORTED:
            _setup(town, data, moment)
        case EventKind.EXECUTION_CHANGED | EventKind.WAIT_ANSWERED:
            _execution(town, event.kind, data, moment)
        case EventKind.EFFECT_FAILED:
            _effect_failed(town, data, moment)
        case _:
            _task(town, event.kind, data, moment)


def _done(data: dict[str, Any]) -> Done:
    return Done(
        branch=data["branch"],
        head_sha=data.get("head_sha"),
        pr_url=data.get("pr_url"),
        summary=data.get("summary"),
    )


def _completed(town: Town, data: dict[str, Any], moment: Moment) -> None:
    failed, reason = data.get("status") == "failed", data.get("reason")
    if town.mayor is None or data["agent_id"] != town.mayor.id:
        ended = Exit(failed=failed, reason=reason, saved_sha=data.get("saved_sha"))
        apply_completed(town, data["agent_id"], data["dispatch"], ended, moment)
    elif data["dispatch"] == town.mayor.dispatch:
        how = RunEnd.EVICTED if reason == EVICTION else RunEnd.COMPLETED if failed else RunEnd.DONE
        accept_unanswered_start(town, data["dispatch"], moment)
        end_session(town, how, moment, reason=reason or "its program ended")


def _execution(town: Town, kind: EventKind, data: dict[str, Any], moment: Moment) -> None:
    if kind is EventKind.WAIT_ANSWERED:
        forget_wait(town, data["key"], data["mark"])
    else:
        change_execution(town, data["convoy_id"], data["status"], data["execution_arn"], moment)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _task(town: Town, kind: EventKind, data: dict[str, Any], moment: Moment) -> None:
    generation = int(data["generation"])
    match kind:
        case EventKind.TASK_ACCEPTED:
            accept_task(town, generation, data["task_arn"], moment)
        case EventKind.TASK_REFUSED:
            refuse_task(town, generation, data.get("cause", "refused"), moment)
        case EventKind.TASK_CHECKED:
            vouch_container(town, generation, running=bool(data["running"]), moment=moment)
        case _:
            stop_container(town, generation, data.get("reason", "stopped"), moment)


def merge_outcome(data: dict[str, Any]) -> MergeOutcome:
    """A reported merge as a value; raises `ValueError` for an unknown status."""
    gates = [
        GateResult(
            command=gate["command"],
            exit_code=int(gate["exit_code"]),
            seconds=float(gate.get("seconds", 0)),
            output=gate.get("output", ""),
        )
        for gate in data.get("gates") or []
    ]
    return MergeOutcome(
        review_id=data["review_id"],
        attempt=int(data["attempt"]),
        status=MergeStatus(data["status"]),
        commit_sha=data.get("commit_sha"),
        tree=data.get("tree"),
        head=data.get("head"),
        gates=gates,
        message=data.get("message") or "",
    )


def _acked(town: Town, data: dict[str, Any], moment: Moment) -> None:
    command = town.commands.get(CommandId(data["command_id"]))
    if command is None:
        return
    accepted = data["outcome"] == "accepted"
    if command.kind is CommandKind.MERGE:
        review = town.reviews.get(command.review_id) if command.review_id else None
        if not accepted and review is not None and review.merge_command == command.id:
            del town.commands[command.id]
            postpone(town, review, data.get("error") or "refused", moment)
        return
    town.commands.pop(command.id, None)
    if command.kind is CommandKind.MESSAGE or _is_mayors(town, command):
        _spoken(town, command, data, moment)
    elif command.kind is CommandKind.START and command.agent_id and command.dispatch is not None:
        if accepted:
            accept_start(town, command.agent_id, command.dispatch, moment)
        else:
            cause, error = data.get("cause") or "invalid", data.get("error") or ""
            refuse_start(town, command.agent_id, command.dispatch, cause, error, moment)


def _is_mayors(town: Town, command: Command) -> bool:
    return town.mayor is not None and command.agent_id == town.mayor.id


def _spoken(town: Town, command: Command, data: dict[str, Any], moment: Moment) -> None:
    """Something was said to an agent, or the mayor was started with it."""
    accepted, dispatch = data["outcome"] == "accepted", command.dispatch or 0
    if command.kind is CommandKind.START and not accepted:
        refuse_session(town, dispatch, moment, reason=f"start refused: {data.get('error') or data.get('cause')}")
        return
    if command.kind is CommandKind.MODEL and data.get("cause") == INFRASTRUCTURE:
        _model_kept(town, data, moment)
    settle_push(town, command, moment, accepted=accepted)
    if command.kind is CommandKind.START:
        accept_session(town, dispatch, moment)
    elif accepted and command.kind is CommandKind.MESSAGE and _is_mayors(town, command):
        begin_turn(town, dispatch, _moment(data.get("at")), moment)


def _model_kept(town: Town, data: dict[str, Any], moment: Moment) -> None:
    """The mayor could not change its models; a runtime that never can is `invalid` and waits for the next session."""
    raise_escalation(
        town,
        moment,
        cause="mayor_model",
        severity=Severity.LOW,
        title="The mayor goes on with its old models",
        message=f"Its next session has the new ones. What was in the way: {data.get('error')}"[:2000],
    )


def _setup(town: Town, data: dict[str, Any], moment: Moment) -> None:
    if data.get("status") == "ready":
        return
    raise_escalation(
        town,
        moment,
        cause=f"setup:{data.get('rig_id')}",
        severity=Severity.HIGH,
        title="A repository could not be set up",
        message=str(data.get("message"))[:2000],
        rig_id=RigId(data["rig_id"]) if data.get("rig_id") else None,
    )


def _effect_failed(town: Town, data: dict[str, Any], moment: Moment) -> None:
    """Every effect that used up its tries has a way on: the container backs off, the rest is a person's to see."""
    kind, arguments = data["kind"], data.get("arguments") or {}
    if kind == EffectKind.RUN_TASK:
        refuse_task(town, int(arguments["generation"]), str(data.get("error")), moment)
        return
    if kind == EffectKind.CHECK_TASK:
        vouch_container(town, int(arguments["generation"]), running=True, moment=moment)
        return
    if kind in (EffectKind.OPEN_PULL, EffectKind.POLL_PULL, EffectKind.MERGE_PULL):
        lose_answer(town, arguments["review_id"], int(arguments["ask"]), str(data.get("error")), moment)
        return
    if kind == EffectKind.MAKE_BRANCH:
        branch_made(town, arguments["convoy_id"], str(data.get("error")), moment)
        return
    if kind == EffectKind.ANSWER_WAIT:
        give_up_wait(town, arguments["key"])
    raise_escalation(
        town,
        moment,
        cause=f"effect_failed:{kind}:{arguments.get('convoy_id') or arguments.get('task_arn') or arguments.get('key')}",
        severity=Severity.MEDIUM,
        title=f"{kind} failed for good",
        message=str(data.get("error"))[:2000],
    )
