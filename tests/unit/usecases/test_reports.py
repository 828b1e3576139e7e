"""Reports of a run are delivered or committed under its dispatch number; older numbers change nothing."""

import pytest

from gastown.domain.errors import Conflict, Forbidden, Invalid, StaleDispatch
from gastown.usecases import containers, history, reports
from gastown.usecases.reports import DoneReport, Exit
from gastown.usecases.unit_of_work import Replayed
from tests.support.agent_world import SHA, a_desk, an_agent_world, claims_of, send_to_review


def test_done_is_delivered_once_however_often_it_is_said() -> None:
    """A repeated identical done is fine; no commit is made."""
    world = an_agent_world()
    desk = a_desk(world.town)
    done = DoneReport(branch="gt/toast/1", head_sha=SHA, summary="Oiled it.")

    said = [reports.report_done(desk.work, world.polecat_claims, done) for _ in range(2)]

    assert said == [True, False]
    data = {
        "agent_id": world.polecat.id,
        "dispatch": 1,
        "branch": "gt/toast/1",
        "head_sha": SHA,
        "pr_url": None,
        "summary": "Oiled it.",
    }
    assert [("agent_done", data)] == desk.inbox()
    assert (desk.store.calls["commit"], desk.around.wakes) == (1, ["agent_done", "agent_done"])


def test_a_polecat_names_the_head_that_it_pushed() -> None:
    """Without a sha nothing could be reviewed or merged exactly."""
    world = an_agent_world()

    with pytest.raises(Invalid, match="head"):
        reports.report_done(a_desk(world.town).work, world.polecat_claims, DoneReport(branch="b"))


def test_a_refinery_may_approve_without_naming_the_sha() -> None:
    """Its review already names it."""
    world = an_agent_world()
    refinery, review = send_to_review(world)
    desk = a_desk(world.town)

    assert reports.report_done(desk.work, claims_of(world.town, refinery), DoneReport(branch=review.branch))


def test_done_and_completed_of_an_older_dispatch_are_refused() -> None:
    """A process that outlived its run says nothing any more."""
    world = an_agent_world()
    desk, stale = a_desk(world.town), claims_of(world.town, world.polecat, 0)

    with pytest.raises(StaleDispatch, match=r"^stale dispatch$"):
        reports.report_done(desk.work, stale, DoneReport(branch="b", head_sha=SHA))
    ended = Exit(agent_id=world.polecat.id, dispatch=0, status="failed")
    with pytest.raises(StaleDispatch):
        reports.report_completed(desk.work, world.container_claims, ended)

    assert desk.inbox() == []


def test_the_exit_of_a_process_is_delivered() -> None:
    """The town hears it whether or not the agent said done."""
    world = an_agent_world()
    desk = a_desk(world.town)
    ended = Exit(agent_id=world.polecat.id, dispatch=1, status="failed", reason="exit code 1", saved_sha=SHA)

    assert reports.report_completed(desk.work, world.container_claims, ended)

    data = {
        "agent_id": world.polecat.id,
        "dispatch": 1,
        "status": "failed",
        "reason": "exit code 1",
        "saved_sha": SHA,
    }
    assert [("agent_completed", data)] == desk.inbox()


def test_a_refinery_asks_for_changes_once_per_key() -> None:
    """One fix bead with the feedback as its text; asked again, the same answer."""
    world = an_agent_world()
    refinery, review = send_to_review(world)
    desk, claims = a_desk(world.town), claims_of(world.town, refinery)

    answer = reports.change_requested(desk.work, claims, "Use more oil", ["widget.py"], "key-1")
    with pytest.raises(Replayed) as replayed:
        reports.change_requested(desk.work, claims, "Use more oil", ["widget.py"], "key-1")

    assert replayed.value.answer == {"status": 201, "data": answer}
    fixes = list(desk.town().fixes_of(review.id))
    assert [answer["rework_bead_id"]] == [fix.id for fix in fixes]
    assert desk.store.read_row(world.town.id, f"BEAD#{fixes[0].id}", "TEXT") == {"text": "Use more oil"}


def test_only_a_refinery_asks_for_changes() -> None:
    """A polecat's token does not have that right, whatever it is hooked to."""
    world = an_agent_world()

    with pytest.raises(Forbidden):
        reports.change_requested(a_desk(world.town).work, world.polecat_claims, "More oil", [], None)


def test_feedback_has_a_bound() -> None:
    """A text that would not fit into the bead is refused."""
    world = an_agent_world()
    refinery, _ = send_to_review(world)

    with pytest.raises(Invalid):
        reports.change_requested(a_desk(world.town).work, claims_of(world.town, refinery), "x" * 70_000, [], None)


def test_checkpoint_and_status_line_are_kept() -> None:
    """Both stand on the agent until its run is over."""
    world = an_agent_world()
    desk = a_desk(world.town)

    reports.write_checkpoint(desk.work, world.polecat_claims, {"step": 2}, None)
    reports.set_status_message(desk.work, world.polecat_claims, "Oiling", None)

    agent = desk.town().agent(world.polecat.id)
    assert ({"step": 2}, "Oiling", desk.around.time) == (
        agent.checkpoint,
        agent.status_message,
        agent.status_updated_at,
    )
    told = history.list_events(desk.work, world.town.id, bead_id=str(agent.hook))[0]
    assert ("agent_status", agent.id, "Oiling") == (told["event_type"], told["agent_id"], told["new_value"])


def test_a_checkpoint_has_a_bound() -> None:
    """It lies in the working set, which every tick reads."""
    world = an_agent_world()

    with pytest.raises(Invalid) as refused:
        reports.write_checkpoint(a_desk(world.town).work, world.polecat_claims, "x" * 4000, None)

    assert refused.value.field == "data"


def test_nothing_is_kept_for_a_run_that_has_ended() -> None:
    """The token still lives, the run does not."""
    world = an_agent_world()
    send_to_review(world)

    with pytest.raises(Conflict, match="ended"):
        reports.set_status_message(a_desk(world.town).work, world.polecat_claims, "Oiling", None)


def test_an_agents_own_beat_leaves_its_neighbours_pulse() -> None:
    """The pulse is stored whole, so the others' signs of life are carried along."""
    world = an_agent_world()
    refinery, _ = send_to_review(world)
    desk = a_desk(world.town)
    sighting = containers.Sighting(agent_id=world.polecat.id, dispatch=1)
    containers.beat(desk.work, world.container_claims, 1, [sighting])

    answer = reports.beat(desk.work, claims_of(world.town, refinery), {"last_event_type": "tool"})

    assert answer == {"heartbeat": True, "stop": False, "drain": False}
    assert {world.polecat.id, refinery.id} == set(desk.town().pulses[1].agents)


def test_a_beat_of_an_older_run_hears_stop() -> None:
    """It is told, and leaves no sign of life behind."""
    world = an_agent_world()
    desk = a_desk(world.town)

    answer = reports.beat(desk.work, claims_of(world.town, world.polecat, 0), {})

    assert answer["stop"]
    assert desk.store.calls["beat"] == 0
