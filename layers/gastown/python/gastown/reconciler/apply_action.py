"""From an action to the domain's move; nothing is decided here."""

from gastown.domain.agent import RunEnd
from gastown.domain.conversing import lose_session, refresh_session, start_session
from gastown.domain.convoying import close_member, finish_convoy, open_landing, wait_for_person
from gastown.domain.ending import fail_bead, fail_review, lose_run, reopen, stop_session, unhook
from gastown.domain.hooking import assign_bead, assign_review, dispatch
from gastown.domain.housing import claim_container, drain_container, give_up_container, lose_orphan, suspect_container
from gastown.domain.ids import Moment
from gastown.domain.limits import MAX_MESSAGES_PUSHED
from gastown.domain.merging import ask_merge
from gastown.domain.nudging import end_message, is_orphan, push
from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from gastown.domain.waiting import answer_wait
from gastown.reconciler.actions import (
    Action,
    AnswerWait,
    ApproveReview,
    AskMerge,
    AssignBead,
    AssignReview,
    ClaimContainer,
    CloseMember,
    Dispatch,
    DrainContainer,
    ExpireMessage,
    FailBead,
    FailReview,
    FinishConvoy,
    GiveUpContainer,
    LoseOrphan,
    LoseRun,
    LoseSession,
    MakeBranch,
    MarkIdle,
    MergePull,
    OpenLanding,
    OpenPull,
    PollPull,
    PushMessages,
    QueueReview,
    RefreshMayor,
    ReopenBead,
    StartMayor,
    SuspectContainer,
    Unhook,
    WaitForPerson,
)
from gastown.reconciler.apply_pull import apply_pull
from gastown.reconciler.apply_trouble import apply_trouble
from gastown.reconciler.signs import pushable


def apply_action(town: Town, action: Action, moment: Moment) -> None:
    """Carry out one action in memory."""
    match action:
        case ClaimContainer() | GiveUpContainer() | SuspectContainer() | MarkIdle() | DrainContainer():
            _house(town, action, moment)
        case LoseRun() | LoseOrphan() | Unhook() | AssignBead() | AssignReview() | Dispatch():
            _staff(town, action, moment)
        case ReopenBead() | FailBead() | QueueReview() | FailReview() | AskMerge():
            _work(town, action, moment)
        case ApproveReview() | OpenPull() | PollPull() | MergePull() | MakeBranch():
            apply_pull(town, action, moment)
        case OpenLanding() | CloseMember() | FinishConvoy() | WaitForPerson() | AnswerWait():
            _convoy(town, action, moment)
        case StartMayor() | LoseSession() | RefreshMayor() | PushMessages() | ExpireMessage():
            _talk(town, action, moment)
        case _:
            apply_trouble(town, action, moment)


def _house(
    town: Town, action: ClaimContainer | GiveUpContainer | SuspectContainer | MarkIdle | DrainContainer, moment: Moment
) -> None:
    match action:
        case ClaimContainer():
            claim_container(town, moment)
        case GiveUpContainer(reason=reason):
            give_up_container(town, reason, moment)
        case SuspectContainer():
            suspect_container(town, moment)
        case MarkIdle(idle=idle):
            town.container.idle_since = moment.now if idle else None
        case DrainContainer():
            drain_container(town, moment)


def _staff(
    town: Town, action: LoseRun | LoseOrphan | Unhook | AssignBead | AssignReview | Dispatch, moment: Moment
) -> None:
    match action:
        case LoseRun(agent_id=agent_id, reason=reason):
            agent = town.agents[agent_id]
            stop_session(town, agent, reason, moment)
            lose_run(town, agent, RunEnd.LOST, moment, reason=reason)
        case LoseOrphan(agent_id=agent_id, reason=reason):
            lose_orphan(town, town.agents[agent_id], moment, reason=reason)
        case Unhook(agent_id=agent_id):
            unhook(town, town.agents[agent_id], moment)
        case AssignBead(bead_id=bead_id):
            assign_bead(town, bead_id, moment)
        case AssignReview(review_id=review_id):
            assign_review(town, review_id, moment)
        case Dispatch(agent_id=agent_id):
            dispatch(town, agent_id, moment)


def _work(town: Town, action: ReopenBead | FailBead | QueueReview | FailReview | AskMerge, moment: Moment) -> None:
    match action:
        case ReopenBead(bead_id=bead_id, reason=reason):
            reopen(town, town.beads[bead_id], moment, reason=reason)
        case FailBead(bead_id=bead_id, reason=reason):
            fail_bead(town, town.beads[bead_id], "exhausted", reason, moment)
        case QueueReview(review_id=review_id):
            review = town.reviews[review_id]
            review.phase, review.attempts, review.updated_at = ReviewPhase.QUEUED, 0, moment.now
        case FailReview(review_id=review_id, reason=reason):
            fail_review(town, town.reviews[review_id], reason, moment)
        case AskMerge(review_id=review_id):
            ask_merge(town, town.reviews[review_id], moment)


def _convoy(
    town: Town, action: OpenLanding | CloseMember | FinishConvoy | WaitForPerson | AnswerWait, moment: Moment
) -> None:
    match action:
        case OpenLanding(convoy_id=convoy_id):
            open_landing(town, town.convoys[convoy_id], moment)
        case CloseMember(bead_id=bead_id):
            close_member(town, bead_id, moment)
        case FinishConvoy(convoy_id=convoy_id, state=state):
            finish_convoy(town, town.convoys[convoy_id], state, moment)
        case WaitForPerson(convoy_id=convoy_id, reason=reason):
            wait_for_person(town, town.convoys[convoy_id], reason, moment)
        case AnswerWait(key=key):
            answer_wait(town, key, moment)


def _talk(
    town: Town, action: StartMayor | LoseSession | RefreshMayor | PushMessages | ExpireMessage, moment: Moment
) -> None:
    match action:
        case StartMayor():
            start_session(town, moment)
        case LoseSession(silent=silent, reason=reason):
            lose_session(town, moment, silent=silent, reason=reason)
        case RefreshMayor(what=what):
            refresh_session(town, what, moment)
        case PushMessages(agent_id=agent_id, dispatch=dispatch):
            due = [m for m in pushable(town, agent_id) if m.not_before is None or m.not_before <= moment.now]
            push(town, agent_id, dispatch, due[:MAX_MESSAGES_PUSHED], moment)
        case ExpireMessage(message_id=message_id):
            message = town.nudges.get(message_id) or town.mail[message_id]
            end_message(town, message, "dropped" if is_orphan(town, message) else "expired", moment)
