"""Who belongs to a convoy, and how it lands."""

from copy import deepcopy

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.convoy import ConvoyState, MergeMode
from gastown.domain.ending import end_bead, fail_bead
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.gathering import add_to_convoy, remove_from_convoy, update_convoy
from gastown.domain.ids import BeadId
from gastown.domain.slinging import ConvoyOrder, Task, check_order, sling_bead, sling_convoy
from gastown.domain.waiting import answer_of
from gastown.reconciler.actions import OpenLanding, WaitForPerson
from gastown.reconciler.rules.land_convoys import land_convoys
from tests.support.builders import NOW, RIG, a_bead, a_convoy, a_review, a_town, an_agent, at, at_work, with_container


def test_a_bead_joins_a_running_convoy_with_its_edges() -> None:
    """It lands with the rest from then on; saying it again only sets the edges."""
    town = a_town()
    first, new = a_bead(town, "first"), a_bead(town, "new")
    convoy = a_convoy(town, first, landing_waits_for_person=True)

    add_to_convoy(town, convoy.id, new.id, [first.id], at())
    add_to_convoy(town, convoy.id, new.id, None, at())

    assert ([first.id, new.id], [first.id]) == (convoy.beads, new.blockers)
    assert (convoy.id, convoy.feature_branch) == (new.convoy_id, town.feature_of(new))
    assert not convoy.landing_waits_for_person
    add_to_convoy(town, convoy.id, new.id, [], at())
    assert [] == new.blockers


@pytest.mark.parametrize("wrong", ["over", "landing", "other convoy", "busy", "in review", "full", "leaving", "fix"])
def test_what_cannot_join_is_a_conflict_and_changes_nothing(wrong: str) -> None:  # noqa: C901 - a case each
    """Adding is refused while a landing review is live (state machines, convoy)."""
    town = with_container(a_town())
    first, new = a_bead(town, "first"), a_bead(town, "new")
    convoy = a_convoy(town, first)
    match wrong:
        case "over":
            convoy.state = ConvoyState.CLOSED
        case "landing":
            a_review(town, None, convoy_id=convoy.id)
        case "other convoy":
            new.convoy_id = BeadId("other")
        case "busy":
            at_work(town, an_agent(town), new)
        case "in review":
            new.status = BeadStatus.IN_REVIEW
        case "full":
            convoy.beads += [BeadId(str(n)) for n in range(49)]
        case "leaving":
            town.rigs[RIG].is_leaving = True
        case "fix":
            new.labels.append("gt:rework")
    before = deepcopy(town)

    with pytest.raises(Conflict):
        add_to_convoy(town, convoy.id, new.id, [first.id], at())
    assert before == town


def test_a_bead_does_not_join_with_a_cycle() -> None:
    """Edges are checked here as everywhere."""
    town = a_town()
    first, new = a_bead(town, "first", blockers=[BeadId("new")]), a_bead(town, "new")
    convoy = a_convoy(town, first)

    with pytest.raises(Invalid):
        add_to_convoy(town, convoy.id, new.id, [first.id], at())
    assert [first.id] == convoy.beads


def test_a_removed_bead_is_on_its_own_and_its_wait_is_answered() -> None:
    """Its edges to former siblings are gone in both directions, others stay."""
    town = a_town()
    names = ["first", "leaving", "last", "outside"]
    first, leaving, last, outside = (a_bead(town, name) for name in names)
    leaving.blockers, last.blockers = [first.id, outside.id], [leaving.id]
    convoy = a_convoy(town, first, leaving, last)

    remove_from_convoy(town, convoy.id, leaving.id, "user-1", at())

    assert ([first.id, last.id], None) == (convoy.beads, leaving.convoy_id)
    assert ([outside.id], []) == (leaving.blockers, last.blockers)
    assert {"outcome": "removed"} == answer_of(convoy, "bead", BeadStatus.OPEN, leaving.id)


def test_a_convoy_lands_when_its_failed_bead_is_taken_out() -> None:
    """A person has dealt with the failure, so its escalation is acknowledged."""
    town = a_town()
    merged, failed = a_bead(town, "merged"), a_bead(town, "failed")
    convoy = a_convoy(town, merged, failed, feature_sha="sha")
    end_bead(town, merged, BeadStatus.CLOSED, "merged", at())
    fail_bead(town, failed, "exhausted", "no luck", at())
    assert [] == list(land_convoys(town, NOW))

    remove_from_convoy(town, convoy.id, failed.id, "user-1", at())

    assert [OpenLanding] == [type(action) for action in land_convoys(town, NOW)]
    assert {} == town.escalations


@pytest.mark.parametrize("wrong", ["unknown", "busy", "closed", "over"])
def test_what_cannot_leave_stays(wrong: str) -> None:
    """Work that is under way or done for the convoy belongs to it."""
    town = with_container(a_town())
    bead = a_bead(town)
    convoy = a_convoy(town, bead)
    match wrong:
        case "busy":
            at_work(town, an_agent(town), bead)
        case "closed":
            end_bead(town, bead, BeadStatus.CLOSED, "merged", at())
        case "over":
            convoy.state = ConvoyState.CLOSED

    with pytest.raises(NotFound if wrong == "unknown" else Conflict):
        remove_from_convoy(town, convoy.id, "nobody" if wrong == "unknown" else bead.id, "user-1", at())
    assert [bead.id] == convoy.beads


def test_an_empty_convoy_waits_for_a_person_once() -> None:
    """It neither lands nor is it asked about again (state machines, convoy)."""
    town = a_town()
    bead = a_bead(town)
    convoy = a_convoy(town, bead, mode=MergeMode.REVIEW_AND_MERGE)
    remove_from_convoy(town, convoy.id, bead.id, "user-1", at())

    assert [WaitForPerson] == [type(action) for action in land_convoys(town, NOW)]
    convoy.landing_waits_for_person = True
    assert [] == list(land_convoys(town, NOW))


def test_how_a_convoy_lands_may_change_before_anything_was_merged() -> None:
    """Its beads learn of it."""
    town = a_town()
    bead = a_bead(town)
    convoy = a_convoy(town, bead)

    update_convoy(town, convoy.id, MergeMode.REVIEW_AND_MERGE, None, at())
    update_convoy(town, convoy.id, None, "release/2", at())

    assert (MergeMode.REVIEW_AND_MERGE, "release/2") == (convoy.merge_mode, convoy.feature_branch)
    assert "release/2" == bead.metadata["feature_branch"]


@pytest.mark.parametrize("wrong", ["merged", "reviewed", "ended", "landing"])
def test_how_a_convoy_lands_stays_once_work_has_gone_its_way(wrong: str) -> None:
    """Merged work cannot move; a staged convoy has none."""
    town = a_town()
    bead = a_bead(town)
    convoy = a_convoy(town, bead)
    match wrong:
        case "merged":
            convoy.feature_sha = "sha"
        case "reviewed":
            a_review(town, bead, convoy_id=convoy.id)
        case "ended":
            end_bead(town, bead, BeadStatus.CLOSED, "merged", at())
        case "landing":
            a_review(town, None, convoy_id=convoy.id)

    with pytest.raises(Conflict):
        update_convoy(town, convoy.id, MergeMode.REVIEW_AND_MERGE, None, at())
    assert MergeMode.REVIEW_THEN_LAND == convoy.merge_mode


@pytest.mark.parametrize("branch", ["main", "a..b", "-x", "a b", "x.lock", "", None])
def test_a_feature_branch_has_a_name_that_git_takes(branch: str | None) -> None:
    """And it is not the branch that it is to land on."""
    town = a_town()
    convoy = a_convoy(town, a_bead(town))

    with pytest.raises(Invalid):
        update_convoy(town, convoy.id, None, branch, at())


def test_two_convoys_do_not_share_a_branch() -> None:
    """Each would land the other's work."""
    town = a_town()
    convoy = a_convoy(town, a_bead(town))
    order = ConvoyOrder(rig_id=RIG, title="Other", tasks=(Task(title="A"),))
    other = sling_convoy(town, order, at())

    with pytest.raises(Conflict):
        update_convoy(town, convoy.id, None, other.feature_branch, at())


def test_several_tasks_without_edges_are_refused_where_the_caller_has_to_say_so() -> None:
    """The mayor says `parallel`, or puts them in order (api facts, 4.12); people are not asked."""
    tasks = (Task(title="A"), Task(title="B"))
    for order in (
        ConvoyOrder(rig_id=RIG, title="C", tasks=tasks),
        ConvoyOrder(rig_id=RIG, title="C", tasks=tasks, parallel=True),
        ConvoyOrder(rig_id=RIG, title="C", tasks=tasks[:1], parallel=False),
        ConvoyOrder(rig_id=RIG, title="C", tasks=(tasks[0], Task(title="B", depends_on=(0,))), parallel=False),
    ):
        check_order(order)

    with pytest.raises(Invalid) as refused:
        check_order(ConvoyOrder(rig_id=RIG, title="C", tasks=tasks, parallel=False))
    assert "tasks" == refused.value.field


def test_a_leaving_rig_takes_no_new_work() -> None:
    """Neither beads nor convoys."""
    town = a_town()
    town.rigs[RIG].is_leaving = True

    with pytest.raises(Conflict):
        sling_bead(town, RIG, Task(title="A"), "user-1", at())
    with pytest.raises(Conflict):
        sling_convoy(town, ConvoyOrder(rig_id=RIG, title="C", tasks=(Task(title="A"),)), at())
    assert ({}, {}) == (town.beads, town.convoys)
