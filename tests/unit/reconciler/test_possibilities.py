"""What a person can do: exactly the moves that the domain would not refuse at this moment."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial

import pytest

from gastown.domain.agent import Role
from gastown.domain.asking import Question, open_triage_request
from gastown.domain.attempts import STARTS
from gastown.domain.bead import HELD, REWORK, Bead, BeadStatus
from gastown.domain.conversing import ensure_mayor
from gastown.domain.convoy import ConvoyState, MergeMode
from gastown.domain.convoying import open_landing, start_convoy
from gastown.domain.editing import edit_bead, end_by_person, start_held
from gastown.domain.ending import fail_bead
from gastown.domain.errors import GastownError
from gastown.domain.escalation import Severity
from gastown.domain.gathering import add_to_convoy, remove_from_convoy, update_convoy
from gastown.domain.ids import BeadId, Moment
from gastown.domain.merging import ask_merge
from gastown.domain.nudging import queue_nudge
from gastown.domain.patrolling import open_batch
from gastown.domain.redoing import Failed, reassign_bead, reset_bead, retry_bead
from gastown.domain.removing import delete_bead
from gastown.domain.reporting import Done, apply_done
from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from gastown.domain.warning import raise_escalation
from gastown.reconciler.possibilities import people_can, people_could
from tests.support.builders import RIG, a_bead, a_convoy, a_review, a_town, an_agent, fresh, started, with_container

Move = Callable[[Town, Moment], object]
BEAD, CONVOY = BeadId("bead-1"), BeadId("convoy-1")


def _give_away(town: Town, moment: Moment) -> object:
    bead = town.bead(BEAD)
    refusal: GastownError | None = None
    for agent in [agent for agent in town.agents.values() if agent.hook != BEAD]:
        try:
            return reassign_bead(town, bead, agent.id, moment)
        except GastownError as refused:
            refusal = refused
    raise refusal or GastownError("nobody is there")


def _take_out(town: Town, moment: Moment) -> object:
    refusal: GastownError | None = None
    for member in town.convoy(CONVOY).beads:
        try:
            return remove_from_convoy(town, CONVOY, member, "person", moment)
        except GastownError as refused:
            refusal = refused
    raise refusal or GastownError("nothing is in it")


WITH_BEADS: dict[str, Move] = {
    "start": lambda town, moment: start_held(town, town.bead(BEAD), "person", moment),
    "edit": lambda town, moment: edit_bead(town, town.bead(BEAD), {"title": "Better"}, "person", moment),
    "reset": lambda town, moment: reset_bead(town, town.bead(BEAD), "person", moment),
    "reassign": _give_away,
    "close": lambda town, moment: end_by_person(town, town.bead(BEAD), BeadStatus.CLOSED, moment),
    "delete": lambda town, moment: delete_bead(town, BEAD, "person", moment),
}
WITH_CONVOYS: dict[str, Move] = {
    "start": lambda town, moment: start_convoy(town, CONVOY, moment),
    "edit": lambda town, moment: update_convoy(town, CONVOY, MergeMode.REVIEW_AND_MERGE, None, moment),
    "add-bead": lambda town, moment: add_to_convoy(town, CONVOY, "spare", None, moment),
    "remove-bead": _take_out,
}


def accepted(town: Town, moves: dict[str, Move]) -> set[str]:
    """The moves that the domain takes, each tried on a copy of its own."""

    def takes(move: Move) -> bool:
        try:
            move(deepcopy(town), fresh())
        except GastownError:
            return False
        return True

    return {name for name, move in moves.items() if takes(move)}


def in_review(town: Town, phase: ReviewPhase) -> Bead:
    """A bead whose review stands in this phase."""
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead, phase=phase)
    if phase is ReviewPhase.MERGING:
        ask_merge(town, review, fresh())
    return bead


def a_fix(town: Town) -> Bead:
    """What a review waits for."""
    review = a_review(town, a_bead(town, "source", status=BeadStatus.IN_REVIEW), phase=ReviewPhase.FIXING)
    return a_bead(town, parent_id=review.id, labels=[REWORK])


def stopped(town: Town) -> Bead:
    """A bead of a convoy that people stopped."""
    bead = a_bead(town)
    a_convoy(town, bead, state=ConvoyState.STOPPED)
    return bead


def at_work_beside(town: Town, other: Role | None) -> Bead:
    """A bead under way, and somebody else who has nothing to do."""
    bead = a_bead(town)
    started(with_container(town), an_agent(town, "Maple"), bead)
    if other is not None:
        an_agent(town, "Idle", other)
    return bead


BEADS: dict[str, Callable[[Town], Bead]] = {
    "open, nobody is there": a_bead,
    "open, somebody is idle": lambda town: (an_agent(town), a_bead(town))[1],
    "held": lambda town: (an_agent(town), a_bead(town, labels=[HELD]))[1],
    "used up": lambda town: (an_agent(town), a_bead(town, attempts=STARTS.most))[1],
    "at work, nobody else is there": partial(at_work_beside, other=None),
    "at work, a polecat is idle": partial(at_work_beside, other=Role.POLECAT),
    "at work, only the refinery is idle": partial(at_work_beside, other=Role.REFINERY),
    "in review": partial(in_review, phase=ReviewPhase.QUEUED),
    "being merged": partial(in_review, phase=ReviewPhase.MERGING),
    "a fix": a_fix,
    "in a stopped convoy": stopped,
}


@pytest.mark.parametrize("name", BEADS)
def test_of_a_bead_exactly_that_is_named_which_would_be_done(name: str) -> None:
    """Reassigning asks for who is idle, resetting for what cannot be called back."""
    town = a_town()
    bead = BEADS[name](town)

    assert accepted(town, WITH_BEADS) == set(people_can(town, bead))


def landing(town: Town) -> None:
    """A convoy whose feature branch is being landed."""
    convoy = a_convoy(town, a_bead(town))
    town.beads.clear()
    convoy.feature_sha = "sha"
    open_landing(town, convoy, fresh())


def running(town: Town) -> None:
    """A convoy with work under way."""
    bead = a_bead(town)
    a_convoy(town, bead)
    agent = an_agent(town)
    run = started(with_container(town), agent, bead)
    apply_done(town, agent.id, run.dispatch, Done(branch="b", head_sha="sha"), fresh())


def leaving(town: Town) -> None:
    """A convoy whose rig is being removed."""
    a_convoy(town, a_bead(town))
    town.rig(RIG).is_leaving = True


CONVOYS: dict[str, Callable[[Town], object]] = {
    "staged": lambda town: a_convoy(town, a_bead(town), state=ConvoyState.STAGED),
    "active": lambda town: a_convoy(town, a_bead(town)),
    "stopped": lambda town: a_convoy(town, a_bead(town), state=ConvoyState.STOPPED),
    "empty": a_convoy,
    "with work under review": running,
    "landing": landing,
    "closed": lambda town: a_convoy(town, a_bead(town), state=ConvoyState.CLOSED),
    "of a leaving rig": leaving,
}


@pytest.mark.parametrize("name", CONVOYS)
def test_of_a_convoy_exactly_that_is_named_which_would_be_done(name: str) -> None:
    """Nothing joins while it lands, and nothing leaves that is under way."""
    town = a_town()
    CONVOYS[name](town)
    a_bead(town, "spare")
    convoy = town.convoy(CONVOY)

    named = people_can(town, convoy)
    assert accepted(town, WITH_CONVOYS) == set(named) - {"close"}
    assert ("close" in named) is not convoy.is_over


def test_a_failed_bead_may_be_retried_until_it_was() -> None:
    """A closed one may only be deleted."""
    town = a_town()
    bead, closed = a_bead(town), a_bead(town, "closed")
    fail_bead(town, bead, "exhausted", "no", fresh())
    end_by_person(town, closed, BeadStatus.CLOSED, fresh())

    assert (["retry", "delete"], ["delete"]) == (people_could(town, bead), people_could(town, closed))
    retry_bead(town, Failed(bead=bead), "person", fresh())
    replaced = town.finals[bead.id]
    assert ["delete"] == people_could(town, replaced)


def test_whoever_and_whatever_else_lives_has_its_own_moves() -> None:
    """Agents, the mayor, escalations, questions; words and steps are the town's and the agents' affair."""
    town = a_town()
    agent, mayor = an_agent(town), ensure_mayor(town, fresh())
    raised = raise_escalation(town, fresh(), cause="c", severity=Severity.LOW, title="Look", message="Look")
    asked = open_triage_request(town, agent, Question(type=TriageType.STUCK_AGENT, title="Stuck"), fresh())
    assert asked is not None

    assert "nudge" in people_can(town, agent)
    assert ["message", "ensure", "destroy"] == people_can(town, mayor)
    assert (["acknowledge"], ["resolve"]) == (people_can(town, raised), people_can(town, asked))
    assert [] == people_can(town, queue_nudge(town, agent.id, "Hello", fresh()))
    assert "reset" in people_can(town, open_batch(town, RIG, fresh()))


def test_a_review_names_what_it_goes_with() -> None:
    """Its bead, its convoy, its pull request: it has no moves of its own."""
    town = a_town()
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    convoy = a_convoy(town, bead)
    review = a_review(town, bead, convoy_id=convoy.id)
    assert ["close its bead", "stop its convoy"] == people_can(town, review)

    review.source_id, review.convoy_id, review.watch.url = None, None, "https://git.example/pull/1"
    assert ["merge or close its pull request"] == people_can(town, review)
