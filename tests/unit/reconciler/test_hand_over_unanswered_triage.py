"""The rule `hand_over_unanswered_triage`, and that asking triage always ends."""

from gastown.domain.agent import RunEnd
from gastown.domain.asking import Question, open_triage_request
from gastown.domain.ending import lose_run
from gastown.domain.escalating import Plea, route_escalation
from gastown.domain.limits import MAX_ATTEMPTS, MAX_TRIAGE_ROUNDS
from gastown.domain.patrolling import batch_of
from gastown.domain.reporting import Done, apply_done
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from gastown.reconciler.rules.hand_over_unanswered_triage import hand_over_unanswered_triage
from tests.support.builders import NOW, a_bead, a_town, an_agent, beat, fresh, settle, started, with_container

STUCK = Question(type=TriageType.STUCK_AGENT, title="Toast is stuck")


def test_what_three_batches_left_unanswered_is_taken_to_a_person() -> None:
    """With one escalation, and not while the third batch is live."""
    town = with_container(a_town())
    request = open_triage_request(town, an_agent(town), STUCK, fresh())
    assert request is not None
    for number in range(1, MAX_TRIAGE_ROUNDS + 1):
        settle(town, number)
        batch = batch_of(town)
        assert batch is not None
        assert batch.assignee is not None
        assert list(hand_over_unanswered_triage(town, NOW)) == []
        dispatch = town.agents[batch.assignee].dispatch
        apply_done(town, batch.assignee, dispatch, Done(branch="b", head_sha="sha"), fresh(number))

    settle(town, 10)

    assert (town.triage, town.beads) == ({}, {})
    assert [escalation.cause for escalation in town.escalations.values()] == [f"triage:{request.id}"]


def test_an_escalation_that_triage_did_not_answer_stays_with_the_people_who_have_it() -> None:
    """No second escalation about the first."""
    town = with_container(a_town())
    agent = an_agent(town)
    started(town, agent, a_bead(town))
    raised = route_escalation(town, agent, Plea(title="Help", text="Help"), fresh())
    [request] = town.triage.values()
    request.rounds = MAX_TRIAGE_ROUNDS

    settle(town, 1)

    assert (town.triage, list(town.escalations)) == ({}, [raised.id])


def measure(town: Town) -> int:
    """What is left to try: rounds, times the starts of a batch, and the starts that the live batch has left."""
    batch = batch_of(town)
    rounds = sum(MAX_TRIAGE_ROUNDS - request.rounds for request in town.triage.values())
    return rounds * (MAX_ATTEMPTS + 1) + (MAX_ATTEMPTS - batch.attempts if batch else 0)


def test_triage_that_always_dies_ends_after_a_bounded_number_of_starts() -> None:
    """Each start lowers the measure: rounds of the requests and attempts of the batch; nothing asks about triage."""
    town = with_container(a_town())
    open_triage_request(town, an_agent(town), STUCK, fresh())
    seconds, starts, left = 0.0, 0, MAX_TRIAGE_ROUNDS * (MAX_ATTEMPTS + 1) + 1
    while town.triage:
        seconds += 601
        beat(town, next(iter(town.agents.values())), seconds)
        settle(town, seconds)
        running = [agent for agent in town.agents.values() if agent.open_run is not None]
        for agent in running:
            starts += 1
            route_escalation(town, agent, Plea(title=f"Help {seconds}", text="I cannot"), fresh(seconds))
            lose_run(town, agent, RunEnd.LOST, fresh(seconds), reason="dead")
            assert measure(town) < left
            left = measure(town)

    assert starts == MAX_TRIAGE_ROUNDS * MAX_ATTEMPTS
    assert batch_of(town) is None
