"""An agent calls for help: an escalation for people, a question for triage, and a word to the mayor."""

import hashlib
from dataclasses import dataclass, field

from gastown.domain.agent import Agent
from gastown.domain.asking import Question, open_triage_request
from gastown.domain.escalation import Escalation, Severity
from gastown.domain.ids import Moment
from gastown.domain.town import Town
from gastown.domain.triage import TriageAction, TriageType
from gastown.domain.warning import raise_escalation

KEPT_BESIDE = 2_000
"""Characters of an escalation's text that stay in its item; the whole of a longer one is a text of its own."""

MILD = (TriageAction.NUDGE, TriageAction.CLOSE_BEAD, TriageAction.PROVIDE_GUIDANCE)
SEVERE = (
    TriageAction.ESCALATE_TO_MAYOR,
    TriageAction.RESTART,
    TriageAction.CLOSE_BEAD,
    TriageAction.REASSIGN_BEAD,
)


@dataclass(frozen=True, kw_only=True)
class Plea:
    """What an agent wants somebody to look at."""

    title: str
    text: str
    severity: Severity = Severity.MEDIUM
    category: str | None = None
    metadata: dict[str, object] = field(default_factory=dict)


def route_escalation(town: Town, agent: Agent, plea: Plea, moment: Moment) -> Escalation:
    """Raise an agent's escalation and ask triage about it (4 items); its open twin is returned instead of a second."""
    cause = f"agent:{agent.id}:{agent.dispatch}:{hashlib.sha256(plea.title.encode()).hexdigest()[:12]}"
    if (known := next((e for e in town.escalations.values() if e.cause == cause), None)) is not None:
        return known
    raised = raise_escalation(
        town,
        moment,
        cause=cause,
        severity=plea.severity,
        title=plea.title,
        message=plea.text[:KEPT_BESIDE],
        bead_id=agent.hook,
        rig_id=agent.rig_id,
        source_agent=agent.id,
        metadata=plea.metadata,
        category=plea.category,
    )
    if len(plea.text) > KEPT_BESIDE:
        town.texts[raised.id] = plea.text
    _ask(town, agent, raised, moment)
    return raised


def _ask(town: Town, agent: Agent, raised: Escalation, moment: Moment) -> None:
    bead = town.beads.get(agent.hook) if agent.hook else None
    facts = {
        "escalation_bead_id": raised.id,
        "severity": str(raised.severity),
        "rig_id": agent.rig_id,
        "category": raised.category,
        "convoy_id": bead.convoy_id if bead else None,
        "source_bead_id": agent.hook,
        "message": raised.message[:500],
    }
    question = Question(
        type=TriageType.ESCALATION,
        title=f"Escalation ({raised.severity}): {raised.title[:80]}",
        escalation_id=raised.id,
        context={name: value for name, value in facts.items() if value is not None},
        options=MILD if raised.severity is Severity.LOW else SEVERE,
    )
    open_triage_request(town, agent, question, moment)
