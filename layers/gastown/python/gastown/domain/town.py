"""A town as one aggregate: everything that a decision needs, loaded whole and committed once.

Moves (the other modules of this package) change it in memory; `usecases/transaction.py` compares what was loaded with
what is there now and writes the difference. So nothing here keeps a list of what changed, except three ledgers that
are not part of the state: `notes` (bead history), `texts` (new long texts) and `finals` (what has just ended).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gastown.domain.agent import Agent, Role
from gastown.domain.bead import Bead, BeadStatus, Stub
from gastown.domain.command import Command
from gastown.domain.config import EffectiveConfig, FailedBlockers, TownConfig, effective
from gastown.domain.container import Container, Pulse
from gastown.domain.convoy import Convoy, ConvoyState, FeatureBranch, MergeMode
from gastown.domain.effect import Effect, Wait
from gastown.domain.errors import Conflict, NotFound
from gastown.domain.escalation import Escalation
from gastown.domain.event import Note, TownEvent
from gastown.domain.ids import AgentId, BeadId, CommandId, EffectId, RigId, TownId
from gastown.domain.job import Job
from gastown.domain.mail import Mail
from gastown.domain.mayor import Mayor
from gastown.domain.molecule import Molecule
from gastown.domain.nudge import Nudge
from gastown.domain.review import Review
from gastown.domain.rig import Rig
from gastown.domain.triage import TriageRequest

Entity = Bead | Review | Convoy | Escalation | Molecule | TriageRequest | Nudge | Mail


@dataclass(kw_only=True)
class Town:
    """The working set of one town."""

    id: TownId
    name: str
    owner_user_id: str
    created_at: datetime
    organization_id: str | None = None
    """The organisation that it belongs to; then its owner is who made it."""
    version: int = 0
    committed_at: datetime | None = None
    commit_id: str | None = None
    wake_at: datetime | None = None
    alarm_at: datetime | None = None
    """The moment for which an alarm is armed, as far as the last commit knows."""
    names_used: int = 0
    """How many polecats were ever named, so that a name never comes twice."""
    due_at: datetime | None = None
    """What the directory row says, as far as the last commit knows."""
    projected: int = 0
    """The last journal version up to which all history rows are written."""
    failed_starts: list[datetime] = field(default_factory=list)
    """When runs last came to nothing, for the dispatch breaker; at most its threshold are kept."""
    triage_not_before: datetime | None = None
    """The end of the wait after a triage batch that failed."""
    config: TownConfig = field(default_factory=TownConfig)
    container: Container = field(default_factory=Container)
    rigs: dict[RigId, Rig] = field(default_factory=dict)
    agents: dict[AgentId, Agent] = field(default_factory=dict)
    beads: dict[BeadId, Bead] = field(default_factory=dict)
    reviews: dict[BeadId, Review] = field(default_factory=dict)
    convoys: dict[BeadId, Convoy] = field(default_factory=dict)
    escalations: dict[BeadId, Escalation] = field(default_factory=dict)
    stubs: dict[BeadId, Stub] = field(default_factory=dict)
    mayor: Mayor | None = None
    nudges: dict[BeadId, Nudge] = field(default_factory=dict)
    mail: dict[BeadId, Mail] = field(default_factory=dict)
    triage: dict[BeadId, TriageRequest] = field(default_factory=dict)
    molecules: dict[BeadId, Molecule] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    commands: dict[CommandId, Command] = field(default_factory=dict)
    effects: dict[EffectId, Effect] = field(default_factory=dict)
    waits: dict[str, Wait] = field(default_factory=dict)
    inbox: dict[str, TownEvent] = field(default_factory=dict)
    pulses: dict[int, Pulse] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    texts: dict[BeadId, str] = field(default_factory=dict)
    finals: dict[BeadId, Entity] = field(default_factory=dict)

    def rig(self, rig_id: str) -> Rig:
        """The rig of this id; raises `NotFound`."""
        if (rig := self.rigs.get(RigId(rig_id))) is None:
            raise NotFound(f"Rig {rig_id} not found")
        return rig

    def open_rig(self, rig_id: str) -> Rig:
        """The rig of this id, for new work; raises `NotFound`, and `Conflict` while it is being removed."""
        if (rig := self.rig(rig_id)).is_leaving:
            raise Conflict(f"Rig {rig.name} is being removed")
        return rig

    def is_leaving(self, rig_id: RigId) -> bool:
        """Whether a rig is being removed, or gone."""
        return rig_id not in self.rigs or self.rigs[rig_id].is_leaving

    def agent(self, agent_id: str) -> Agent:
        """The agent of this id; raises `NotFound`."""
        if (agent := self.agents.get(AgentId(agent_id))) is None:
            raise NotFound(f"Agent {agent_id} not found")
        return agent

    def bead(self, bead_id: str) -> Bead:
        """The live task or fix of this id; raises `NotFound`."""
        if (bead := self.beads.get(BeadId(bead_id))) is None:
            raise NotFound(f"Bead {bead_id} not found")
        return bead

    def convoy(self, convoy_id: str) -> Convoy:
        """The live convoy of this id; raises `NotFound`."""
        if (convoy := self.convoys.get(BeadId(convoy_id))) is None:
            raise NotFound(f"Convoy {convoy_id} not found")
        return convoy

    def live_beads(self) -> Iterator[Entity]:
        """Whatever people call a bead and is live, of every kind."""
        homes: tuple[Mapping[BeadId, Entity], ...] = (
            self.beads, self.reviews, self.convoys, self.escalations, self.triage, self.molecules, self.mail,
        )  # fmt: skip
        return (entity for home in homes for entity in home.values())

    def mayor_model(self) -> str | None:
        """The mayor's model: its role's, else the town's default; a rig never changes it (api facts, 6.4)."""
        return self.config.role_models.get("mayor") or self.config.default_model

    def mayor_instructions(self) -> str | None:
        """What people want the mayor to keep in mind."""
        return self.config.custom_instructions.get("mayor")

    def rules_for(self, rig_id: RigId) -> EffectiveConfig:
        """The settings that hold in one rig."""
        return effective(self.config, self.rig(rig_id))

    def fixes_of(self, review_id: BeadId) -> Iterator[Bead]:
        """The open fix beads of a review."""
        return (bead for bead in self.beads.values() if bead.parent_id == review_id)

    def review_of(self, bead_id: BeadId) -> Review | None:
        """The live review of a bead, if one judges it now."""
        return next((r for r in self.reviews.values() if r.source_id == bead_id and not r.abandoned), None)

    def landing_of(self, convoy_id: BeadId) -> Review | None:
        """The live landing review of a convoy."""
        return next((r for r in self.reviews.values() if r.is_landing and r.convoy_id == convoy_id), None)

    def molecule_of(self, bead_id: BeadId) -> Molecule | None:
        """The live molecule of a bead, if it has one."""
        return next((molecule for molecule in self.molecules.values() if molecule.bead_id == bead_id), None)

    def refinery_of(self, rig_id: RigId) -> Agent | None:
        """The rig's one refinery, if it exists yet."""
        return next((a for a in self.agents.values() if a.rig_id == rig_id and a.role is Role.REFINERY), None)

    def status_of(self, bead_id: BeadId) -> BeadStatus | None:
        """How a bead stands, live or ended; none if nothing is known of it any more."""
        known = self.beads.get(bead_id) or self.stubs.get(bead_id)
        return known.status if known else None

    def blocked_by(self, bead: Bead) -> list[BeadId]:
        """The blockers that are not resolved yet (state machines, *ready*)."""
        released = self.config.failed_blockers is FailedBlockers.RELEASE

        def resolved(status: BeadStatus | None) -> bool:
            return status in (None, BeadStatus.CLOSED) or (released and status is BeadStatus.FAILED)

        return [blocker for blocker in bead.blockers if not resolved(self.status_of(blocker))]

    def is_ready(self, bead: Bead) -> bool:
        """Open, not held, in a rig that stays, in a running convoy if in one, and not blocked."""
        if bead.status is not BeadStatus.OPEN or bead.is_held or self.is_leaving(bead.rig_id):
            return False
        convoy = self.convoys.get(bead.convoy_id) if bead.convoy_id else None
        if convoy is not None and (convoy.state is not ConvoyState.ACTIVE or convoy.branch is FeatureBranch.ASKED):
            return False
        return not self.blocked_by(bead)

    def target_branch(self, bead: Bead) -> str:
        """Where a bead's work goes: the convoy's feature branch, or the rig's default branch."""
        return self.feature_of(bead) or self.rig(bead.rig_id).default_branch

    def feature_of(self, bead: Bead) -> str | None:
        """The feature branch that a bead's work meets on, if its convoy lands as one."""
        convoy = self.convoys.get(bead.convoy_id) if bead.convoy_id else None
        return convoy.feature_branch if convoy and convoy.merge_mode is MergeMode.REVIEW_THEN_LAND else None

    def pulse_of(self, agent: Agent) -> datetime | None:
        """When the current container last spoke of this agent's current run; other runs say nothing."""
        return self.pulse_for(agent.id, agent.dispatch)

    def pulse_for(self, agent_id: AgentId, dispatch: int) -> datetime | None:
        """When the current container last spoke of this dispatch of an agent or the mayor."""
        pulse = self.pulses.get(self.container.generation)
        seen = pulse.agents.get(agent_id) if pulse else None
        return seen.at if seen and seen.dispatch == dispatch else None

    def note(self, note: Note) -> None:
        """Add one line to a bead's history."""
        self.notes.append(note)
