"""Two operations at one moment: whoever commits second runs again on what the first one left (town facts, section 4).

Each test lets somebody else commit between the load and the first commit of an operation. The numbers are those of the
facts' table; `infra/decisions/0025-what-became-of-the-atomic-sequences.md` says where the others are held.
"""

from collections.abc import Callable, Iterator

import pytest

from gastown.domain.agent import Role
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.errors import Conflict, GastownError, NotFound
from gastown.domain.escalation import Severity
from gastown.domain.ids import BeadId, Moment
from gastown.domain.nudge import NudgeState
from gastown.domain.slinging import ConvoyOrder, Task
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation
from gastown.ports.town_store import Commit
from gastown.usecases import beads, change_config, convoys, escalations, mayors, messages, rigs, staff
from gastown.usecases.history import find_bead
from tests.support.stage import RIG, TOWN, Stage

BY, OTHER = "user-1", "user-2"
Deed = Callable[[], object]


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A town with one rig."""
    stage = Stage()
    with stage.open():
        yield stage


@pytest.fixture
def meanwhile(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[[Deed], None]:
    """Have somebody else's deed committed before the next commit."""

    def plan(deed: Deed) -> None:
        commit, waiting = stage.store.commit, [deed]

        def first_the_other(asked: Commit) -> None:
            while waiting:
                waiting.pop()()
            commit(asked)

        monkeypatch.setattr(stage.store, "commit", first_the_other)

    return plan


def sling(stage: Stage, *, held: bool = True) -> str:
    """One bead; its id."""
    order = beads.BeadOrder(town_id=TOWN, rig_id=RIG, by=BY, held=held)
    return beads.sling(stage.uow, order, {"title": "Work"}, None, lambda _: {}).id


def convoy_of(stage: Stage, *, staged: bool = True) -> str:
    """One convoy of one bead; its id."""
    order = ConvoyOrder(rig_id=RIG, title="Convoy", tasks=(Task(title="a"),), staged=staged, by=BY)
    return str(convoys.sling(stage.uow, TOWN, order, None, lambda _t, made: {"id": made.id})["id"])


def refusal(deed: Deed) -> type[GastownError] | None:
    """What somebody is told who comes second."""
    try:
        deed()
    except GastownError as refused:
        return type(refused)
    return None


def test_a1_a_bead_ends_once(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """Closed by one and failed by another: the first word holds, and there is one line of history."""
    place = (TOWN, RIG, sling(stage))
    meanwhile(lambda: beads.end(stage.uow, place, BeadStatus.FAILED, OTHER))

    assert refusal(lambda: beads.end(stage.uow, place, BeadStatus.CLOSED, BY)) is NotFound
    entity, _ = find_bead(stage.uow, TOWN, place[2])
    assert isinstance(entity, Bead)
    assert (BeadStatus.FAILED, "person") == (entity.status, entity.outcome)


def test_a5_a7_two_who_want_an_agent_get_two_names(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """A name and an identity are taken once."""
    desk = staff.Desk(town_id=TOWN, rig_id=RIG, by=BY)
    meanwhile(lambda: staff.register(stage.uow, desk, Role.POLECAT, "Toast", "toast"))

    assert refusal(lambda: staff.register(stage.uow, desk, Role.POLECAT, "Toast", "toast")) is Conflict
    assert ["Toast"] == [agent.name for agent in stage.town.agents.values()]


def test_a6_there_is_one_mayor_and_one_refinery(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """Whoever asks at the same moment is given the same one."""
    meanwhile(lambda: mayors.ensure(stage.uow, TOWN, OTHER))
    mayors.ensure(stage.uow, TOWN, BY)
    mayor = stage.town.mayor
    desk = staff.Desk(town_id=TOWN, rig_id=RIG, by=BY)
    meanwhile(lambda: staff.get_or_create(stage.uow, desk, Role.REFINERY))
    staff.get_or_create(stage.uow, desk, Role.REFINERY)

    assert stage.town.mayor == mayor
    assert ["refinery"] == [str(agent.role) for agent in stage.town.agents.values()]


def test_a8_a_rigs_name_is_taken_by_one_of_two(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """And the directory forgets the row of the other."""
    order = rigs.RigOrder(
        town_id=TOWN, name="new", git_url="https://git.example/r.git", default_branch="main", owner=BY,
        allow_local=False,
    )  # fmt: skip
    meanwhile(lambda: rigs.add_rig(stage.uow, order))

    assert refusal(lambda: rigs.add_rig(stage.uow, order)) is Conflict
    assert 1 == [rig.name for rig in stage.town.rigs.values()].count("new")
    assert 1 == len([row for row in stage.directory.list_rigs(TOWN) if row.name == "new"])


def test_a9_a10_a_bead_joins_or_leaves_a_convoy_once(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """Two who add the same bead add one; two who take it out are told so."""
    convoy_id, bead_id = convoy_of(stage), sling(stage)
    meanwhile(lambda: convoys.add_bead(stage.uow, TOWN, convoy_id, bead_id, None, OTHER))
    convoys.add_bead(stage.uow, TOWN, convoy_id, bead_id, None, BY)
    assert 1 == stage.town.convoy(convoy_id).beads.count(BeadId(bead_id))

    meanwhile(lambda: convoys.remove_bead(stage.uow, TOWN, convoy_id, bead_id, OTHER))
    refusal(lambda: convoys.remove_bead(stage.uow, TOWN, convoy_id, bead_id, BY))
    assert BeadId(bead_id) not in stage.town.convoy(convoy_id).beads


def test_a11_edges_are_replaced_whole_and_make_no_circle(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """Each of two edits is fine alone; the second one sees the first."""
    one, two = sling(stage), sling(stage)
    meanwhile(lambda: beads.edit(stage.uow, (TOWN, RIG, one), {"depends_on": [two]}, OTHER))

    assert refusal(lambda: beads.edit(stage.uow, (TOWN, RIG, two), {"depends_on": [one]}, BY)) is not None
    assert [] == list(stage.town.beads[BeadId(two)].blockers)


def test_a14_a_staged_convoy_is_started_once(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """The second one is told that it is no longer staged."""
    convoy_id = convoy_of(stage)
    meanwhile(lambda: convoys.start(stage.uow, TOWN, convoy_id, OTHER))

    assert refusal(lambda: convoys.start(stage.uow, TOWN, convoy_id, BY)) is Conflict


def test_a15_a_closed_convoy_is_not_started_any_more(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """Closing came first."""
    convoy_id = convoy_of(stage)
    meanwhile(lambda: convoys.close(stage.uow, TOWN, convoy_id, OTHER))

    assert refusal(lambda: convoys.start(stage.uow, TOWN, convoy_id, BY)) in (Conflict, NotFound)


def test_a20_a21_words_that_come_meanwhile_are_not_ticked_off(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """Two who write to one agent leave two nudges, each of them waiting."""
    _, agent = staff.get_or_create(stage.uow, staff.Desk(town_id=TOWN, rig_id=RIG, by=BY), Role.POLECAT)
    order = messages.NudgeOrder(agent_id=agent.id, message="Hello")
    meanwhile(lambda: messages.nudge(stage.uow, TOWN, order, OTHER))
    messages.nudge(stage.uow, TOWN, order, BY)

    assert [NudgeState.PENDING] * 2 == [nudge.state for nudge in stage.town.nudges.values()]


def test_a26_two_changes_of_settings_are_both_kept(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """Neither takes the other's back."""
    meanwhile(lambda: change_config.change_config(stage.uow, TOWN, {"small_model": "s"}, OTHER))
    change_config.change_config(stage.uow, TOWN, {"default_model": "d"}, BY)

    assert ("d", "s") == (stage.town.config.default_model, stage.town.config.small_model)


def test_a35_an_escalation_is_acknowledged_once(stage: Stage, meanwhile: Callable[[Deed], None]) -> None:
    """The second one is answered what the first one did, and nothing is raised again."""

    def alarm(town: Town, moment: Moment) -> str:
        return raise_escalation(town, moment, cause="x", severity=Severity.LOW, title="t", message="m").id

    raised = stage.change(alarm)
    meanwhile(lambda: escalations.acknowledge(stage.uow, TOWN, raised, OTHER))
    again = escalations.acknowledge(stage.uow, TOWN, raised, BY)

    assert ({}, OTHER) == (stage.town.escalations, again.acknowledged_by)
    assert refusal(lambda: escalations.acknowledge(stage.uow, TOWN, "nobody", BY)) is NotFound
