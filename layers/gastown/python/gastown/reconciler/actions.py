"""Everything a rule can ask for, as one closed union; each action says why."""

from dataclasses import dataclass

from gastown.domain.convoy import ConvoyState
from gastown.domain.ids import AgentId, BeadId, RigId


@dataclass(frozen=True, kw_only=True)
class Reasoned:
    """What all actions have: the sentence that explains them in journal and log."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ClaimContainer(Reasoned):
    """Ask for a container under the next generation."""


@dataclass(frozen=True, kw_only=True)
class GiveUpContainer(Reasoned):
    """Stop the current container; its time is over."""


@dataclass(frozen=True, kw_only=True)
class SuspectContainer(Reasoned):
    """Ask ECS whether a silent container still runs."""


@dataclass(frozen=True, kw_only=True)
class MarkIdle(Reasoned):
    """Start or stop counting how long the container has been unwanted."""

    idle: bool


@dataclass(frozen=True, kw_only=True)
class DrainContainer(Reasoned):
    """Begin a planned stop."""


@dataclass(frozen=True, kw_only=True)
class LoseRun(Reasoned):
    """End a run that gave no sign of life; the commit rests on the pulse that was seen."""

    agent_id: AgentId


@dataclass(frozen=True, kw_only=True)
class LoseOrphan(Reasoned):
    """End a run whose container is gone."""

    agent_id: AgentId


@dataclass(frozen=True, kw_only=True)
class ReopenBead(Reasoned):
    """Give a bead that nobody works on back to the queue."""

    bead_id: BeadId


@dataclass(frozen=True, kw_only=True)
class FailBead(Reasoned):
    """Fail a bead whose attempts are used up."""

    bead_id: BeadId


@dataclass(frozen=True, kw_only=True)
class QueueReview(Reasoned):
    """Send a review back to the refinery, because its fixes are done."""

    review_id: BeadId


@dataclass(frozen=True, kw_only=True)
class FailReview(Reasoned):
    """Fail a review whose fix failed."""

    review_id: BeadId


@dataclass(frozen=True, kw_only=True)
class Unhook(Reasoned):
    """Take an agent off work that is no longer ready."""

    agent_id: AgentId


@dataclass(frozen=True, kw_only=True)
class AssignBead(Reasoned):
    """Hook a polecat to a ready bead."""

    bead_id: BeadId


@dataclass(frozen=True, kw_only=True)
class AssignReview(Reasoned):
    """Hook the refinery to a queued review."""

    review_id: BeadId


@dataclass(frozen=True, kw_only=True)
class Dispatch(Reasoned):
    """Start the next run of a hooked agent."""

    agent_id: AgentId


@dataclass(frozen=True, kw_only=True)
class AskMerge(Reasoned):
    """Ask the container to merge an approved sha."""

    review_id: BeadId


@dataclass(frozen=True, kw_only=True)
class ApproveReview(Reasoned):
    """Approve a review that no refinery judges."""

    review_id: BeadId


@dataclass(frozen=True, kw_only=True)
class OpenPull(Reasoned):
    """Ask the provider for a review's pull request, opening it if need be."""

    review_id: BeadId


@dataclass(frozen=True, kw_only=True)
class PollPull(Reasoned):
    """Look at a review's pull request."""

    review_id: BeadId


@dataclass(frozen=True, kw_only=True)
class MergePull(Reasoned):
    """Ask the provider to merge the approved sha."""

    review_id: BeadId


@dataclass(frozen=True, kw_only=True)
class MakeBranch(Reasoned):
    """Make a convoy's feature branch on the remote."""

    convoy_id: BeadId


@dataclass(frozen=True, kw_only=True)
class OpenLanding(Reasoned):
    """Open the landing review of a convoy."""

    convoy_id: BeadId


@dataclass(frozen=True, kw_only=True)
class CloseMember(Reasoned):
    """Close one bead of a closed convoy."""

    bead_id: BeadId


@dataclass(frozen=True, kw_only=True)
class FinishConvoy(Reasoned):
    """End a convoy."""

    convoy_id: BeadId
    state: ConvoyState


@dataclass(frozen=True, kw_only=True)
class WaitForPerson(Reasoned):
    """Stop trying to land a convoy until a person decides."""

    convoy_id: BeadId


@dataclass(frozen=True, kw_only=True)
class AnswerWait(Reasoned):
    """Answer a state machine's wait."""

    key: str


@dataclass(frozen=True, kw_only=True)
class StartMayor(Reasoned):
    """Open the mayor's next session."""


@dataclass(frozen=True, kw_only=True)
class LoseSession(Reasoned):
    """End the mayor's session; a silent one rests on the pulse that was seen."""

    silent: bool


@dataclass(frozen=True, kw_only=True)
class RefreshMayor(Reasoned):
    """Tell the live mayor its new model or instructions."""

    what: str


@dataclass(frozen=True, kw_only=True)
class PushMessages(Reasoned):
    """Send what waits for a running agent."""

    agent_id: AgentId
    dispatch: int


@dataclass(frozen=True, kw_only=True)
class ExpireMessage(Reasoned):
    """End a nudge or letter that nobody took."""

    message_id: BeadId


@dataclass(frozen=True, kw_only=True)
class StopRun(Reasoned):
    """Tell a live run to stop and end it as lost."""

    agent_id: AgentId


@dataclass(frozen=True, kw_only=True)
class ClimbLadder(Reasoned):
    """Take the next step with an agent that shows no activity."""

    agent_id: AgentId
    step: str


@dataclass(frozen=True, kw_only=True)
class ReportCrashLoop(Reasoned):
    """Ask triage about an agent whose runs keep coming to nothing."""

    agent_id: AgentId


@dataclass(frozen=True, kw_only=True)
class RaiseAgain(Reasoned):
    """Raise an escalation that nobody acknowledged by one step."""

    escalation_id: BeadId


@dataclass(frozen=True, kw_only=True)
class OpenBatch(Reasoned):
    """Open a triage batch in this rig."""

    rig_id: RigId


@dataclass(frozen=True, kw_only=True)
class EndBatch(Reasoned):
    """Close a triage batch that nobody needs."""

    bead_id: BeadId


@dataclass(frozen=True, kw_only=True)
class HandOver(Reasoned):
    """Take a triage request to people."""

    request_id: BeadId


Action = (
    ClaimContainer
    | GiveUpContainer
    | SuspectContainer
    | MarkIdle
    | DrainContainer
    | LoseRun
    | LoseOrphan
    | ReopenBead
    | FailBead
    | QueueReview
    | FailReview
    | Unhook
    | AssignBead
    | AssignReview
    | Dispatch
    | AskMerge
    | ApproveReview
    | OpenPull
    | PollPull
    | MergePull
    | MakeBranch
    | OpenLanding
    | CloseMember
    | FinishConvoy
    | WaitForPerson
    | AnswerWait
    | StartMayor
    | LoseSession
    | RefreshMayor
    | PushMessages
    | ExpireMessage
    | StopRun
    | ClimbLadder
    | ReportCrashLoop
    | RaiseAgain
    | OpenBatch
    | EndBatch
    | HandOver
)
