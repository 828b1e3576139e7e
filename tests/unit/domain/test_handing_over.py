"""What a run leaves to the next one: known by name, reported or not, until its bead's work is accepted."""

import pytest

from gastown.domain.agent import RunEnd
from gastown.domain.bead import TRIAGE, Bead
from gastown.domain.container import AgentPulse, Pulse
from gastown.domain.ending import fail_bead, lose_run
from gastown.domain.errors import StaleDispatch
from gastown.domain.handing_over import bead_of, wanted_refs, wip_ref
from gastown.domain.housing import lose_orphan, stop_container
from gastown.domain.limits import MAX_LEFT_WORK
from gastown.domain.redoing import Failed, retry_bead
from gastown.domain.reporting import EVICTION, Done, Exit, apply_completed, apply_done, refuse_start
from gastown.domain.town import Town
from tests.support.builders import NOW, a_bead, a_town, an_agent, at, at_work, with_container

DONE = Done(branch="gt/toast/1", head_sha="sha-9")
REF = "refs/gastown/wip/bead-1/toast/1"


@pytest.fixture
def town() -> Town:
    """A town with a ready container, Toast at work on a bead."""
    town = with_container(a_town())
    at_work(town, an_agent(town), a_bead(town))
    return town


def a_pulse(town: Town, dispatch: int, sha: str) -> None:
    """The container has said that this dispatch's work is saved."""
    seen = AgentPulse(dispatch=dispatch, at=NOW, saved_sha=sha)
    generation = town.container.generation
    town.pulses[generation] = Pulse(generation=generation, at=NOW, agents={"toast": seen})


def test_a_lost_run_is_gone_on_from_by_name(town: Town) -> None:
    """Nothing was reported, and still the next run looks at its ref and its branch."""
    run = town.agent("toast").run
    assert run is not None

    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")

    [left] = town.bead("bead-1").left_work
    assert (left.ref, left.branch, left.ended, left.sha) == (REF, run.branch, "lost", None)
    assert not [note for note in town.notes if note.type == "work_saved"]


def test_what_was_reported_as_saved_stands_in_the_beads_history(town: Town) -> None:
    """By the exit's own report, with ref and sha."""
    apply_completed(town, "toast", 1, Exit(failed=True, reason=EVICTION, saved_sha="sha-1"), at(1))

    [left] = town.bead("bead-1").left_work
    assert (left.sha, left.ended) == ("sha-1", "evicted")
    [note] = [note for note in town.notes if note.type == "work_saved"]
    assert (note.new, note.metadata["sha"]) == (REF, "sha-1")


def test_the_last_heartbeat_of_a_container_that_died_counts(town: Town) -> None:
    """Its pulse is dropped with it, and what it said of saved work is not."""
    a_pulse(town, 1, "sha-2")

    stop_container(town, town.container.generation, "killed", at(5))
    lose_orphan(town, town.agent("toast"), at(6), reason="its container is gone")

    assert [left.sha for left in town.bead("bead-1").left_work] == ["sha-2"]


def test_a_pulse_of_an_older_dispatch_says_nothing(town: Town) -> None:
    """Only the run itself is spoken of."""
    a_pulse(town, 0, "sha-old")

    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")

    assert [left.sha for left in town.bead("bead-1").left_work] == [None]


def test_a_stale_report_of_saved_work_changes_nothing(town: Town) -> None:
    """An older dispatch, and a run that has ended already."""
    with pytest.raises(StaleDispatch):
        apply_completed(town, "toast", 0, Exit(failed=True, saved_sha="sha-old"), at(1))
    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")
    apply_completed(town, "toast", 1, Exit(failed=True, saved_sha="sha-late"), at(91))

    assert [left.sha for left in town.bead("bead-1").left_work] == [None]


@pytest.mark.parametrize("end", ["done", "refused"])
def test_a_run_that_has_nothing_to_leave_is_not_remembered(town: Town, end: str) -> None:
    """Its work was accepted, or it never began."""
    if end == "done":
        apply_done(town, "toast", 1, DONE, at(1))
    else:
        refuse_start(town, "toast", 1, "infrastructure", "no disk", at(1))

    assert town.bead("bead-1").left_work == []


def test_accepted_work_is_where_the_next_run_starts_again(town: Town) -> None:
    """Also if it comes late: what was left before it is part of it, or was not wanted."""
    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")
    apply_done(town, "toast", 1, DONE, at(91))

    bead = town.bead("bead-1")
    assert (bead.accepted_sha, bead.left_work) == ("sha-9", [])


def test_a_triage_batch_leaves_nothing(town: Town) -> None:
    """Its agent changes no code."""
    bead = town.bead("bead-1")
    bead.labels, bead.created_by = [TRIAGE], "patrol"

    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")

    assert bead.left_work == []


def test_a_bead_remembers_few_runs_and_never_forgets_the_last_that_saved(town: Town) -> None:
    """The list is bounded; a run known to have saved something stands for all before it."""
    bead, agent = town.bead("bead-1"), town.agent("toast")
    agent.run.saved_sha = "sha-1"  # type: ignore[union-attr]
    lose_run(town, agent, RunEnd.LOST, at(90), reason="silent")
    for turn in range(6):
        at_work(town, agent, bead)
        bead.attempts = 0
        lose_run(town, agent, RunEnd.LOST, at(100 + turn), reason="silent")

    assert [left.sha for left in bead.left_work] == [None] * (MAX_LEFT_WORK - 1) + ["sha-1"]
    assert bead.left_work[0].ref == wip_ref(bead.id, agent.id, 7)


def test_a_retried_bead_goes_on_from_the_failed_ones_work(town: Town) -> None:
    """Its refs are wanted, although they carry the name of the bead that failed."""
    bead = town.bead("bead-1")
    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")
    fail_bead(town, bead, "exhausted", "no luck", at(91))

    new = retry_bead(town, Failed(bead=bead), "user-1", at(99))

    assert (new.left_work, list(wanted_refs(town))) == (bead.left_work, [REF])


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/gastown/wip/b/a", "refs/gastown/wip/../a/1", ""])
def test_other_refs_are_nobodys_work(ref: str) -> None:
    """Only the exact form is read."""
    assert bead_of(ref) is None


def test_the_name_of_a_ref_leads_back_to_its_bead(town: Town) -> None:
    """So a container needs to know no bead to clean up."""
    bead: Bead = town.bead("bead-1")
    assert bead_of(wip_ref(bead.id, town.agent("toast").id, 12)) == bead.id
