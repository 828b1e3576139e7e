"""What people change about beads, and what they are refused."""

from copy import deepcopy
from datetime import timedelta

import pytest

from gastown.domain.bead import HELD, REWORK, Bead, BeadStatus, Priority
from gastown.domain.editing import BeadEdit, edit_bead, live_bead, start_held
from gastown.domain.ending import end_bead
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.ids import BeadId, RigId
from gastown.domain.review import ReviewPhase
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from tests.support.builders import NOW, RIG, a_bead, a_review, a_town, an_agent, at, at_work, with_container


def edited(town: Town, bead: Bead, edit: BeadEdit) -> Bead:
    """Make an edit as a person."""
    return edit_bead(town, bead, edit, "user-1", at())


def test_named_fields_change_and_the_rest_stays() -> None:
    """Labels and metadata are replaced whole; what the town keeps in the metadata stays."""
    town = a_town()
    bead = a_bead(town, labels=["bug"], metadata={"convoy_id": "c", "mine": 1})

    edited(town, bead, {"title": "New", "labels": ["ui", HELD], "metadata": {"other": 2, "convoy_id": "x"}})

    assert ("New", ["ui", HELD], Priority.MEDIUM) == (bead.title, bead.labels, bead.priority)
    assert {"other": 2, "convoy_id": "c"} == bead.metadata
    assert ["fields_updated"] == [note.type for note in town.notes]


def test_a_held_bead_is_let_go_once_and_its_history_says_by_whom() -> None:
    """Other labels stay."""
    town = a_town()
    bead = a_bead(town, labels=[HELD, "bug"])

    start_held(town, bead, "user-1", at(5))

    assert (["bug"], NOW + timedelta(seconds=5)) == (bead.labels, bead.updated_at)
    [note] = town.notes
    assert ("fields_updated", "labels", "user-1") == (note.type, note.new, note.metadata["actor"])
    with pytest.raises(Conflict):
        start_held(town, bead, "user-1", at(6))


def test_a_new_body_is_a_text_and_no_body_an_empty_one() -> None:
    """Texts live in rows of their own."""
    town = a_town()
    edited(town, a_bead(town, "a"), {"body": "Do it"})
    edited(town, a_bead(town, "b"), {"body": None})

    assert {"a": "Do it", "b": ""} == town.texts


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({}, "body"),
        ({"title": " "}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"body": "x" * 65_537}, "body"),
        ({"labels": ["gt:triage"]}, "labels"),
        ({"labels": []}, "labels"),
        ({"labels": [REWORK, "x" * 101]}, "labels"),
        ({"metadata": {"a": "x" * 2_000}}, "metadata"),
        ({"status": BeadStatus.IN_REVIEW}, "status"),
        ({"depends_on": ["bead-1"]}, "depends_on"),
        ({"depends_on": ["nobody"]}, "depends_on"),
        ({"depends_on": ["elsewhere"]}, "depends_on"),
        ({"title": "Fine", "depends_on": ["waits"]}, "depends_on"),
        ({"depends_on": [f"n-{n}" for n in range(51)]}, "depends_on"),
    ],
)
def test_a_wrong_edit_names_its_field_and_changes_nothing(edit: BeadEdit, field: str) -> None:
    """Everything is checked before anything moves."""
    town = a_town()
    town.rigs[RigId("rig-2")] = Rig(
        id=RigId("rig-2"), name="two", git_url="/r", default_branch="main", created_at=town.created_at
    )
    bead = a_bead(town, labels=["gt:triage-request"])
    a_bead(town, "elsewhere").rig_id = RigId("rig-2")
    a_bead(town, "waits", blockers=[BeadId("middle")])
    a_bead(town, "middle", blockers=[bead.id])
    before = deepcopy(town)

    with pytest.raises(Invalid) as refused:
        edited(town, bead, edit)

    assert field == refused.value.field
    assert before == town


def test_no_series_of_edits_makes_a_cycle() -> None:
    """Every edit is checked over all live beads (design section 9, row 15)."""
    town = a_town()
    a, b, c = (a_bead(town, name) for name in "abc")
    edited(town, b, {"depends_on": [a.id]})
    edited(town, c, {"depends_on": [b.id, a.id]})

    with pytest.raises(Invalid, match="a -> c -> "):
        edited(town, a, {"depends_on": [c.id]})
    edited(town, c, {"depends_on": []})
    edited(town, a, {"depends_on": [c.id]})

    assert [[c.id], [a.id], []] == [bead.blockers for bead in (a, b, c)]


def test_a_fix_waits_for_nothing() -> None:
    """Its bead waits for it through the review: whatever waits for that bead could close a circle."""
    town = a_town()
    source = a_bead(town, "source", status=BeadStatus.IN_REVIEW)
    fix = a_bead(town, "fix", labels=[REWORK], parent_id=a_review(town, source).id)

    with pytest.raises(Invalid, match="fix"):
        edited(town, fix, {"depends_on": [a_bead(town, "later", blockers=[source.id]).id]})
    edited(town, fix, {"depends_on": []})


def test_a_blocker_that_has_ended_is_taken_and_blocks_no_more() -> None:
    """Its stub is known."""
    town = a_town()
    a, b = a_bead(town, "a"), a_bead(town, "b")
    end_bead(town, a, BeadStatus.CLOSED, "person", at())
    edited(town, b, {"depends_on": [a.id]})

    assert ([a.id], True) == (b.blockers, town.is_ready(b))


def test_one_bead_is_waited_for_by_at_most_fifty() -> None:
    """Or taking it out would not fit into one commit."""
    town = a_town()
    first = a_bead(town, "first")
    for n in range(50):
        a_bead(town, f"n-{n}", blockers=[first.id])

    with pytest.raises(Invalid):
        edited(town, a_bead(town, "one more"), {"depends_on": [first.id]})
    edited(town, town.bead("n-1"), {"depends_on": [first.id], "title": "the edge stays"})


def test_a_person_closes_fails_or_reopens() -> None:
    """Closing ends it for good, reopening starts it over."""
    town = with_container(a_town())
    closed, opened = a_bead(town, "closed"), a_bead(town, "opened", attempts=3)
    at_work(town, an_agent(town), opened)

    edited(town, closed, {"status": BeadStatus.CLOSED})
    edited(town, opened, {"status": BeadStatus.OPEN})

    assert (BeadStatus.CLOSED, "person") == (closed.status, closed.outcome)
    assert (BeadStatus.OPEN, 0, None) == (opened.status, opened.attempts, opened.assignee)


def test_a_bead_that_is_being_merged_is_not_reopened() -> None:
    """The merge cannot be called back."""
    town = a_town()
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    a_review(town, bead, phase=ReviewPhase.MERGING, merge_command="command-1")

    with pytest.raises(Conflict):
        edited(town, bead, {"status": BeadStatus.OPEN, "title": "New"})
    assert "New" != bead.title


def test_an_ended_bead_is_a_conflict_and_another_rigs_is_not_found() -> None:
    """Terminal is final; whose it is comes first."""
    town = a_town()
    bead = a_bead(town)
    with pytest.raises(NotFound):
        live_bead(town, "rig-2", bead.id)
    end_bead(town, bead, BeadStatus.CLOSED, "person", at())

    with pytest.raises(Conflict):
        live_bead(town, RIG, bead.id)
    assert NOW == bead.closed_at
