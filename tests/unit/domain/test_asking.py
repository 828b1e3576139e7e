"""Triage requests are opened once each, and never about triage itself."""

from gastown.domain.asking import Question, open_triage_request
from gastown.domain.bead import TRIAGE
from gastown.domain.triage import TriageType
from tests.support.builders import a_bead, a_town, an_agent, fresh, started, with_container

STUCK = Question(type=TriageType.STUCK_AGENT, title="Stuck")
CRASHES = Question(type=TriageType.CRASH_LOOP, title="Crashes")


def test_an_agent_has_one_open_request_of_a_type() -> None:
    """With a snapshot of what it is on."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    started(town, agent, bead)

    first, again, other = (open_triage_request(town, agent, q, fresh()) for q in (STUCK, STUCK, CRASHES))

    assert (first is not None, again, other is not None) == (True, None, True)
    assert [request.bead_id for request in town.triage.values()] == [bead.id, bead.id]


def test_five_requests_are_enough_unless_somebody_escalates() -> None:
    """Escalations are neither counted nor refused."""
    town = a_town()
    plea = Question(type=TriageType.ESCALATION, title="Help")
    agents = [an_agent(town, f"Agent-{n}") for n in range(7)]
    assert all(open_triage_request(town, agent, plea, fresh()) for agent in agents)

    opened = [open_triage_request(town, agent, STUCK, fresh()) is not None for agent in agents]

    assert opened == [True] * 5 + [False] * 2


def test_an_agent_on_triage_is_not_asked_about() -> None:
    """Or triage would feed itself."""
    town = with_container(a_town())
    agent = an_agent(town)
    started(town, agent, a_bead(town, labels=[TRIAGE], created_by="patrol"))

    assert open_triage_request(town, agent, STUCK, fresh()) is None
