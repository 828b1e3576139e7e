"""An agent's call for help reaches people, triage and the mayor, and ends for all of them."""

import pytest

from gastown.domain.escalating import Plea, route_escalation
from gastown.domain.escalation import Severity
from gastown.domain.ids import BeadId
from gastown.domain.removing import delete_bead
from gastown.domain.resolving import Answer, resolve_triage
from gastown.domain.town import Town
from gastown.domain.triage import TriageAction, TriageRequest, TriageType
from gastown.domain.warning import acknowledge_escalation
from tests.support.builders import a_bead, a_convoy, a_town, an_agent, fresh, started, with_container, with_mayor


def pleaded(severity: Severity = Severity.HIGH) -> tuple[Town, TriageRequest]:
    """A town with a mayor whose agent has called for help."""
    town = with_container(a_town())
    with_mayor(town)
    agent, bead = an_agent(town), a_bead(town)
    a_convoy(town, bead)
    started(town, agent, bead)
    plea = Plea(title="No network", text="x" * 3000, severity=severity, metadata={"kind": "net"})
    raised = route_escalation(town, agent, plea, fresh())
    assert (len(raised.message), town.texts[raised.id], raised.metadata) == (2000, "x" * 3000, {"kind": "net"})
    [request] = town.triage.values()
    return town, request


@pytest.mark.parametrize(
    ("severity", "first_option", "nudges"),
    [(Severity.LOW, TriageAction.NUDGE, 0), (Severity.HIGH, TriageAction.ESCALATE_TO_MAYOR, 1)],
)
def test_a_plea_asks_triage_with_the_options_of_its_severity(
    severity: Severity, first_option: TriageAction, nudges: int
) -> None:
    """With a snapshot of the agent's bead; the mayor hears of it unless it is low."""
    town, request = pleaded(severity)

    assert (request.type, request.bead_id, request.escalation_id) == (
        TriageType.ESCALATION,
        "bead-1",
        next(iter(town.escalations)),
    )
    assert (request.context["convoy_id"], request.options[0]) == ("convoy-1", first_option)
    assert len(town.nudges) == nudges


def test_an_open_twin_is_returned() -> None:
    """The same words of the same run are one escalation and one question."""
    town, _ = pleaded()
    agent = next(iter(town.agents.values()))

    route_escalation(town, agent, Plea(title="No network", text="again"), fresh())

    assert (len(town.escalations), len(town.triage), len(town.nudges)) == (1, 1, 1)


def test_acknowledging_ends_the_question_and_answering_acknowledges() -> None:
    """Either way both are over, and readable as ended ones."""
    town, request = pleaded()
    acknowledge_escalation(town, str(request.escalation_id), "user-1", fresh(1))
    assert (town.triage, town.escalations, request.resolved_by) == ({}, {}, "user-1")
    assert {request.id, request.escalation_id} <= set(town.finals)

    town, request = pleaded()
    resolve_triage(town, request.id, Answer(action=TriageAction.DISCARD, by="user-1"), fresh(1))
    assert (town.triage, town.escalations) == ({}, {})


def test_deleting_an_escalation_takes_its_question_along() -> None:
    """Nobody is asked about what is not there."""
    town, request = pleaded()

    delete_bead(town, BeadId(str(request.escalation_id)), "user-1", fresh(1))

    assert (town.triage, town.escalations) == ({}, {})
