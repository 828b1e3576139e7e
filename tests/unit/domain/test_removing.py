"""Deleting live work: nothing that stays may point at what is gone."""

import pytest

from gastown.domain.agent import AgentStatus, Role
from gastown.domain.bead import REWORK, BeadStatus
from gastown.domain.ending import fail_bead
from gastown.domain.errors import Conflict
from gastown.domain.ids import BeadId
from gastown.domain.mail import Mail
from gastown.domain.nudge import Nudge
from gastown.domain.removing import (
    clear_rig,
    delete_bead,
    drop_agent,
    forget_bead,
    is_cleared,
    leave_rows,
    weight,
    work_of_rig,
)
from gastown.domain.review import ReviewPhase
from gastown.domain.stepping import StepOrder, create_molecule
from gastown.reconciler.actions import FinishConvoy
from gastown.reconciler.apply_action import apply_action
from gastown.reconciler.decide import decide
from gastown.reconciler.rules.land_convoys import land_convoys
from gastown.usecases.town_items import encode
from tests.support.builders import NOW, RIG, a_bead, a_convoy, a_review, a_town, an_agent, at, at_work, with_container
from tests.support.invariants import check_town


def test_a_deleted_bead_takes_its_run_edges_and_place_along() -> None:
    """The agent is free and told to stop; who waited for it waits no more."""
    town = with_container(a_town())
    bead, waiting, agent = a_bead(town), a_bead(town, "waiting", blockers=[BeadId("bead-1")]), an_agent(town)
    convoy = a_convoy(town, bead, waiting)
    at_work(town, agent, bead)
    create_molecule(town, bead, [StepOrder(title="One", instructions="Do")], at())

    gone = delete_bead(town, bead.id, "user-1", at(1))

    assert ([waiting.id], [], [waiting.id]) == (list(town.beads), waiting.blockers, convoy.beads)
    assert (None, AgentStatus.IDLE, {}) == (agent.hook, agent.status, town.molecules)
    assert ["stop"] == [str(command.kind) for command in town.commands.values()]
    assert bead.id == gone[0]
    assert set(gone[1:]) == set(town.finals)
    check_town(town, [])


def test_a_deleted_bead_takes_its_review_and_all_fixes_along() -> None:
    """The refinery and the fixer are free too."""
    town = with_container(a_town())
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead)
    fix = a_bead(town, "fix", labels=[REWORK], parent_id=review.id)
    refinery, fixer = an_agent(town, "refinery", Role.REFINERY), an_agent(town)
    at_work(town, refinery, review)
    at_work(town, fixer, fix)

    gone = delete_bead(town, bead.id, "user-1", at(1))

    assert {bead.id, review.id, fix.id} == set(gone)
    assert ({}, {}, None, None) == (town.beads, town.reviews, refinery.hook, fixer.hook)
    check_town(town, [])


def test_a_merge_that_was_not_fetched_is_not_asked_any_more() -> None:
    """Its command goes with the review."""
    town = with_container(a_town())
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead, phase=ReviewPhase.MERGING, approved_sha="sha-1")
    [action] = decide(town, NOW)
    assert "AskMerge" == type(action).__name__
    apply_action(town, action, at())
    assert review.merge_command in town.commands
    delete_bead(town, bead.id, "user-1", at(1))

    assert {} == town.commands


def test_reviews_and_convoys_are_not_deleted_by_themselves() -> None:
    """A review goes with its bead, a convoy is closed."""
    town = a_town()
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review, convoy = a_review(town, bead), a_convoy(town)

    for entity_id in (review.id, convoy.id):
        with pytest.raises(Conflict):
            delete_bead(town, entity_id, "user-1", at())


def test_deleting_an_ended_bead_releases_who_waits_for_it() -> None:
    """Its stub and its escalation go with it."""
    town = a_town()
    failed, waiting = a_bead(town, "failed"), a_bead(town, "waiting", blockers=[BeadId("failed")])
    convoy = a_convoy(town, failed, waiting)
    fail_bead(town, failed, "exhausted", "no luck", at())

    forget_bead(town, failed.id, "user-1", at(1))

    assert ([], [waiting.id], {}, {}) == (waiting.blockers, convoy.beads, town.stubs, town.escalations)


def test_one_deletion_changes_no_more_than_it_weighs() -> None:
    """The heaviest there is: fifty waiting beads, a review and fixes; so commits stay within their bound."""
    town = with_container(a_town())
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead)
    fix = a_bead(town, "fix", labels=[REWORK], parent_id=review.id)
    at_work(town, an_agent(town), fix)
    at_work(town, an_agent(town, "refinery", Role.REFINERY), review)
    waiting = [a_bead(town, f"n-{n}", blockers=[bead.id]) for n in range(49)]
    a_convoy(town, bead, *waiting)
    before, allowed = encode(town), weight(town, bead.id)

    delete_bead(town, bead.id, "user-1", at(1))

    after = encode(town)
    changed = [key for key in {*before, *after} if before.get(key) != after.get(key)]
    assert 50 < len(changed) + len(town.finals) <= allowed < 75


def test_a_deleted_agents_messages_end_as_dropped() -> None:
    """They are not left open for nobody."""
    town = a_town()
    agent = an_agent(town)
    town.nudges[BeadId("n")] = Nudge(id=BeadId("n"), agent_id=agent.id, message="Hey", created_at=NOW)
    town.mail[BeadId("m")] = Mail(id=BeadId("m"), sender="a", recipient=agent.id, title="Hi", created_at=NOW)

    drop_agent(town, agent, at())

    while actions := decide(town, NOW):
        for action in actions:
            apply_action(town, action, at())
    assert ({}, {}, {}) == (town.agents, town.nudges, town.mail)
    assert ["dropped", "dropped"] == [str(one.state) for one in town.finals.values()]  # type: ignore[union-attr]


def test_a_leaving_rig_starts_nothing_and_is_cleared_piece_by_piece() -> None:
    """What the rules end by themselves is left to them."""
    town = with_container(a_town())
    town.rigs[RIG].is_leaving = True
    bead, agent = a_bead(town), an_agent(town)
    a_convoy(town, bead)
    a_review(town, None, convoy_id=BeadId("convoy-1"))
    assert not town.is_ready(bead)
    assert 3 == len(work_of_rig(town, RIG))
    at_work(town, agent, a_bead(town, "running"))

    steps = 0
    while clear_rig(town, RIG, at(steps)) is not None:
        steps += 1
        assert steps < 20
        check_town(town, [])

    assert ({}, {}, {}) == (town.beads, town.reviews, town.agents)
    assert ["convoy-1"] == list(town.convoys)
    assert [FinishConvoy] == [type(action) for action in land_convoys(town, NOW)]
    assert not is_cleared(town, RIG)


def test_rows_of_many_deletions_share_a_job_while_it_has_room() -> None:
    """At most fifty ids wait in one job's item."""
    town = a_town()
    moment = at()
    for n in range(60):
        leave_rows(town, RIG, [BeadId(f"bead-{n}")], moment)

    assert [50, 10] == [len(job.pending) for job in town.jobs.values()]
