"""Commands reach a container with everything that it needs, and not at all when their reason is gone."""

from datetime import timedelta

from gastown.container.payloads import StartPayload
from gastown.domain.agent import RunEnd
from gastown.domain.bead import CONFLICT, FEEDBACK, REWORK, TRIAGE, BeadStatus
from gastown.domain.command import Command, CommandKind
from gastown.domain.convoy import MergeMode
from gastown.domain.ending import end_bead, lose_run, stop_session
from gastown.domain.hooking import assign_bead, dispatch
from gastown.domain.housing import drain_container
from gastown.domain.ids import CommandId
from gastown.domain.merging import ask_merge
from gastown.domain.reporting import Done, apply_done, request_changes
from gastown.domain.runtime import RuntimeName
from gastown.domain.slinging import ConvoyOrder, Task, sling_convoy
from gastown.domain.stepping import StepOrder, create_molecule
from gastown.usecases import commands
from tests.support.agent_world import NOW, RIG_ID, SHA, a_moment, a_town, an_agent_world, send_to_review


def test_a_start_names_branch_bead_and_gates() -> None:
    """A polecat starts from the default branch on a branch of its own dispatch."""
    world = an_agent_world()

    [start] = commands.waiting(world.town, 1)
    payload = start["payload"]

    assert ("start", 1, world.polecat.id, 1) == (
        start["kind"],
        start["generation"],
        start["agent_id"],
        start["dispatch"],
    )
    assert {"id": world.bead.id, "title": "Fix the widget", "type": "issue", "labels": []} == payload["bead"]
    assert (payload["start_point"], payload["base_branch"], payload["target_branch"]) == ("main", "main", "main")
    assert world.polecat.run is not None
    assert world.polecat.run.branch == payload["branch"]
    assert (
        payload["gates"],
        payload["gate_timeout_s"],
        payload["review"],
        payload["author"],
    ) == (["make test"], 600, None, None)


def test_a_start_names_where_its_work_is_saved_and_what_was_left() -> None:
    """The next run of a bead is told of the one that was lost; a review has neither."""
    world = an_agent_world()
    lose_run(world.town, world.polecat, RunEnd.LOST, a_moment(), reason="silent")
    assign_bead(world.town, world.bead.id, a_moment())
    dispatch(world.town, world.polecat.id, a_moment())

    [start] = commands.waiting(world.town, 1)

    first, second = (f"refs/gastown/wip/{world.bead.id}/{world.polecat.id}/{number}" for number in (1, 2))
    assert (second, [first]) == (start["payload"]["save_ref"], [left["ref"] for left in start["payload"]["resume"]])
    assert StartPayload.model_validate(start["payload"]).resume[0].ended == "lost"
    send_to_review(world)
    [review] = [one["payload"] for one in commands.waiting(world.town, 1) if one["payload"].get("review")]
    assert review.keys().isdisjoint({"save_ref", "resume"})


def test_a_convoy_bead_starts_from_its_feature_branch() -> None:
    """Beads that land together build on what is there already."""
    town = a_town()
    order = ConvoyOrder(
        rig_id=RIG_ID, title="Big thing", tasks=(Task(title="Part"),), merge_mode=MergeMode.REVIEW_THEN_LAND
    )
    convoy = sling_convoy(town, order, a_moment())
    assign_bead(town, convoy.beads[0], a_moment())
    dispatch(town, next(iter(town.agents)), a_moment())

    [start] = commands.waiting(town, 1)

    assert (convoy.feature_branch, convoy.feature_branch, "main") == (
        start["payload"]["start_point"],
        start["payload"]["target_branch"],
        start["payload"]["base_branch"],
    )


def test_a_refinery_starts_at_the_sha_under_review() -> None:
    """The review is of one sha, whatever the branch does meanwhile."""
    world = an_agent_world()
    _, review = send_to_review(world)

    [start] = commands.waiting(world.town, 1)

    assert {"id": review.id, "branch": review.branch, "sha": SHA, "target_branch": "main"} == start["payload"]["review"]
    assert (start["payload"]["start_point"], start["payload"]["bead"]["type"]) == (SHA, "merge_request")


def test_a_fix_starts_at_the_sha_under_review_and_goes_where_the_review_goes() -> None:
    """Changes are made on top of what was reviewed."""
    world = an_agent_world()
    refinery, review = send_to_review(world)
    fix_id = request_changes(world.town, refinery.id, refinery.dispatch, "Use more oil", [], a_moment())
    assign_bead(world.town, fix_id, a_moment())
    dispatch(world.town, world.polecat.id, a_moment())

    [start] = commands.waiting(world.town, 1)

    assert (SHA, review.target_branch, ["gt:rework"]) == (
        start["payload"]["start_point"],
        start["payload"]["target_branch"],
        start["payload"]["bead"]["labels"],
    )


def test_what_needs_tools_is_not_for_a_runtime_without_any() -> None:
    """Aider gets plain work and rework; what has to be answered or merged goes to the default runtime."""
    world = an_agent_world()
    world.town.config.runtime, world.town.config.role_runtimes = RuntimeName.CLAUDE, {"polecat": RuntimeName.AIDER}

    def runtime(*labels: str, created_by: str = "ann") -> str:
        world.bead.labels, world.bead.created_by = list(labels), created_by
        return str(commands.waiting(world.town, 1)[0]["payload"]["runtime"])

    assert ["aider", "aider", "claude", "claude"] == [
        runtime(*labels) for labels in ((), (REWORK,), (CONFLICT,), (FEEDBACK,))
    ]
    assert "claude" == runtime(TRIAGE, created_by="patrol")
    world.bead.labels = []
    create_molecule(world.town, world.bead, [StepOrder(title="A", instructions="Do A")], a_moment())
    assert "claude" == runtime()


def test_a_merge_names_the_approved_sha_and_its_subject() -> None:
    """What is merged is exactly what was approved."""
    world = an_agent_world()
    refinery, review = send_to_review(world)
    apply_done(world.town, refinery.id, refinery.dispatch, Done(branch=review.branch, head_sha=SHA), a_moment())
    ask_merge(world.town, review, a_moment())
    world.town.config.git_author_name, world.town.config.git_author_email = "Town", "town@example.com"

    [merge] = commands.waiting(world.town, 1)
    payload = merge["payload"]

    assert (SHA, 1, review.id) == (payload["sha"], payload["attempt"], payload["review_id"])
    assert f"Merge {review.branch}: Fix the widget" == payload["message"]
    assert payload["author"] == {"name": "Town", "email": "town@example.com"}


def test_half_an_author_is_completed() -> None:
    """A town that sets only a name still gets a valid author."""
    world = an_agent_world()
    world.town.config.git_author_name = "Town"

    assert commands.author(world.town, world.polecat) == {"name": "Town", "email": "toast@gastown.local"}


def test_a_command_whose_run_has_ended_is_not_handed_out() -> None:
    """A start of a run that is over never reaches the container, even if a read shows it still."""
    world = an_agent_world()
    waiting = dict(world.town.commands)
    end_bead(world.town, world.bead, BeadStatus.CLOSED, "person", a_moment())
    world.town.commands.update(waiting)

    assert "start" not in [command["kind"] for command in commands.waiting(world.town, 1)]


def test_a_stop_says_why() -> None:
    """The reason travels with the command."""
    world = an_agent_world()
    stop_session(world.town, world.polecat, "the bead ended: person", a_moment())

    stop = commands.waiting(world.town, 1)[-1]

    assert (stop["kind"], stop["payload"]) == ("stop", {"reason": "the bead ended: person"})


def test_commands_of_another_generation_stay_where_they_are() -> None:
    """A container hears only what is meant for it."""
    world = an_agent_world()

    assert commands.waiting(world.town, 2) == []


def test_setup_and_drain_say_rig_and_deadline() -> None:
    """The two commands without an agent are complete too, and come oldest first."""
    town = a_town()
    setup = Command(id=CommandId("c1"), kind=CommandKind.SETUP, generation=1, created_at=NOW, rig_id=RIG_ID)
    drain_container(town, a_moment(NOW + timedelta(seconds=1)))
    town.commands[setup.id] = setup

    first, second = commands.waiting(town, 1)

    assert first["payload"]["rig"]["id"] == RIG_ID
    assert second["payload"] == {"deadline": "2026-01-02T03:09:06.000Z"}
