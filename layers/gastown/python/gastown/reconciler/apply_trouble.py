"""From an action about trouble to the domain's move; nothing is decided here."""

from typing import assert_never

from gastown.domain.agent import RunEnd
from gastown.domain.ending import lose_run, stop_session
from gastown.domain.ids import Moment
from gastown.domain.patrolling import (
    end_batch,
    escalate_agent,
    hand_over,
    open_batch,
    report_crash_loop,
    stall_agent,
    warn_agent,
)
from gastown.domain.town import Town
from gastown.domain.warning import raise_again
from gastown.reconciler.actions import (
    ClimbLadder,
    EndBatch,
    HandOver,
    OpenBatch,
    RaiseAgain,
    ReportCrashLoop,
    StopRun,
)
from gastown.reconciler.troubles import Step

Trouble = StopRun | ClimbLadder | ReportCrashLoop | RaiseAgain | OpenBatch | EndBatch | HandOver
STEPS = {Step.WARN: warn_agent, Step.ESCALATE: escalate_agent, Step.STOP: stall_agent}


def apply_trouble(town: Town, action: Trouble, moment: Moment) -> None:
    """Carry out one action in memory."""
    match action:
        case StopRun(agent_id=agent_id, reason=reason):
            agent = town.agents[agent_id]
            stop_session(town, agent, reason, moment)
            lose_run(town, agent, RunEnd.LOST, moment, reason=reason)
        case ClimbLadder(agent_id=agent_id, step=step, reason=reason):
            STEPS[Step(step)](town, town.agents[agent_id], reason, moment)
        case ReportCrashLoop(agent_id=agent_id, reason=reason):
            report_crash_loop(town, town.agents[agent_id], reason, moment)
        case RaiseAgain(escalation_id=escalation_id):
            raise_again(town, town.escalations[escalation_id], moment)
        case OpenBatch(rig_id=rig_id):
            open_batch(town, rig_id, moment)
        case EndBatch(bead_id=bead_id):
            end_batch(town, town.beads[bead_id], moment)
        case HandOver(request_id=request_id, reason=reason):
            hand_over(town, town.triage[request_id], reason, moment)
        case _:
            assert_never(action)
