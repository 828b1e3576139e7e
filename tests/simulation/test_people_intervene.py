"""People change, delete, retry and reassign whatever they like, at any moment, in a world of faults."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from gastown.domain.agent import Role
from gastown.domain.bead import HELD, BeadStatus
from gastown.domain.container import ContainerState
from gastown.domain.editing import BeadEdit
from gastown.domain.errors import GastownError
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.stepping import StepOrder
from gastown.domain.town import Town
from gastown.usecases import beads, convoys, deleting, molecules, rigs, staff
from gastown.usecases.commands import waiting
from tests.simulation.world import START, TOWN, FakeContainer, World

SEEDS = max(1, int(os.environ.get("SEEDS") or "200") // 4)
FROM = int(os.environ.get("FROM") or "0")
RIG = "rig-1"
DOINGS = (
    "edit", "hold", "reset", "close", "retry", "reassign", "delete", "bulk", "status", "agent", "join", "leave", "mode",
    "steps", "sling",
)  # fmt: skip


class Meddled(World):
    """A world whose people cannot leave things alone."""

    failed: tuple[str, ...] = ()

    def _obey(self, task: FakeContainer, command_id: str) -> None:
        """A container is given only what the town still wants (the real heartbeat fills commands in)."""
        told = {command["id"] for command in waiting(self.uow.read(TOWN), task.generation)}
        if command_id in told:
            super()._obey(task, command_id)

    def meddle(self) -> None:
        """Do one thing that a person may do, to whatever is there; refusals are fine, surprises are not."""
        town = self.uow.read(TOWN)
        self.failed = tuple({*self.failed, *(s.id for s in town.stubs.values() if s.status is BeadStatus.FAILED)})
        what = self.random.choice(DOINGS)
        try:
            self._do(what, town)
        except GastownError as refusal:
            self._tell(f"person {what}: refused: {refusal}")
        else:
            self._tell(f"person {what}")

    def _do(self, what: str, town: Town) -> None:
        bead_id = self.random.choice([*town.beads, *town.reviews, *self.failed, "nobody"])
        place, shelf = (TOWN, RIG, str(bead_id)), deleting.Shelf(town_id=TOWN, rig_id=RIG, by="user")
        convoy = str(self.random.choice([*town.convoys, "nobody"]))
        doings: dict[str, Callable[[], object]] = {
            "edit": lambda: beads.edit(self.uow, place, self._edges(town), "user"),
            "hold": lambda: beads.edit(self.uow, place, {"labels": self.random.choice([[], [HELD]])}, "user"),
            "reset": lambda: beads.reset(self.uow, place, "user"),
            "close": lambda: beads.end(self.uow, place, self.random.choice([*BeadStatus]), "user"),
            "retry": lambda: beads.retry(self.uow, place, "user", None, lambda bead: {"id": bead.id}),
            "reassign": lambda: beads.reassign(
                self.uow, place, str(self.random.choice([*town.agents, "nobody"])), "user"
            ),
            "delete": lambda: deleting.delete_one(self.uow, shelf, str(bead_id)),
            "bulk": lambda: deleting.delete_many(self.uow, shelf, [str(bead_id), "nobody"]),
            "status": lambda: deleting.delete_by_status(
                self.uow, shelf, self.random.choice([BeadStatus.FAILED, BeadStatus.CLOSED, BeadStatus.IN_REVIEW])
            ),
            "agent": lambda: self._agent(town),
            "join": lambda: convoys.add_bead(self.uow, TOWN, convoy, str(bead_id), None, "user"),
            "leave": lambda: convoys.remove_bead(self.uow, TOWN, convoy, str(bead_id), "user"),
            "mode": lambda: convoys.update(self.uow, TOWN, convoy, (None, f"b/{self.new()}/head"), "user"),
            "steps": lambda: molecules.create(self.uow, place, [StepOrder(title="One", instructions="Do it")], "user"),
            "sling": lambda: self.uow.change(
                TOWN, lambda t, m: sling_bead(t, RIG, Task(title="more"), "user", m), actor="user", cause="sling"
            ),
        }
        doings[what]()

    def _edges(self, town: Town) -> BeadEdit:
        return {"depends_on": self.random.sample([str(b) for b in town.beads], k=min(2, len(town.beads)))}

    def _agent(self, town: Town) -> None:
        desk = staff.Desk(town_id=TOWN, rig_id=RIG, by="user")
        agent_id = str(self.random.choice([*town.agents, "nobody"]))
        match self.random.randrange(4):
            case 0:
                staff.reset(self.uow, desk, agent_id)
            case 1:
                staff.delete(self.uow, desk, agent_id)
            case 2:
                staff.reset_starts(self.uow, desk, agent_id)
            case _:
                staff.get_or_create(self.uow, desk, self.random.choice([Role.POLECAT, Role.REFINERY]))


def is_settled(town: Town) -> bool:
    """Whether nothing is left that the town could go on with by itself."""
    return not (town.convoys or town.beads or town.reviews or town.jobs or town.molecules)


@pytest.mark.parametrize("seed", range(FROM, FROM + SEEDS))
def test_whatever_people_do_the_invariants_hold_and_work_ends(seed: int) -> None:
    """After faults and people are gone, what is left waits for a named person's decision."""
    world = Meddled(seed, trouble=0.3 if seed % 3 else 0.0)
    world.sling(2 + world.random.randint(0, 5))
    world.sling(1)
    try:
        for _ in range(20_000):
            quiet = world.time - START > timedelta(hours=1)
            world.trouble = 0.0 if quiet else world.trouble
            if not quiet and world.random.random() < 0.15:
                world.meddle()
            if not world.step() or world.time - START > timedelta(days=3):
                break
            if quiet and is_settled(world.uow.read(TOWN)):
                break
    except AssertionError as broken:
        raise AssertionError("\n".join([f"seed {seed}", *world.history[-60:], str(broken)])) from broken

    town = world.uow.read(TOWN)
    assert {} == town.jobs
    waits = [bead for bead in town.beads.values() if not (bead.is_held or town.blocked_by(bead))]
    landed_by_person = {c.id for c in town.convoys.values() if c.landing_waits_for_person}
    told = bool(town.escalations) or any(bead.is_held for bead in town.beads.values()) or landed_by_person
    assert ([], True) == ([b.title for b in waits], bool(is_settled(town) or told)), "\n".join(
        [f"seed {seed}", *world.history[-80:], str([town.beads, town.reviews, town.convoys, town.molecules])]
    )


@pytest.mark.parametrize("seed", range(FROM, FROM + SEEDS // 2))
def test_a_rig_leaves_whatever_goes_on_in_it(seed: int) -> None:
    """In the middle of faults and meddling; nothing of it remains, and the town sleeps."""
    world = Meddled(seed, trouble=0.3)
    world.sling(2 + world.random.randint(0, 8))
    leaves = START + timedelta(seconds=world.random.randint(1, 900))
    asked: datetime | None = None
    try:
        for _ in range(5_000):
            if world.random.random() < 0.1:
                world.meddle()
            moved = world.step()
            if asked is None and (not moved or world.time >= leaves):
                rigs.remove_rig(world.uow, TOWN, RIG, "user")
                asked = world.time
            elif not moved or (asked is not None and world.time - asked > timedelta(hours=2)):
                break
    except AssertionError as broken:
        raise AssertionError("\n".join([f"seed {seed}", *world.history[-60:], str(broken)])) from broken

    town = world.uow.read(TOWN)
    left = [*town.rigs, *town.agents, *town.beads, *town.reviews, *town.convoys, *town.jobs, *town.molecules]
    assert (True, [], ContainerState.NONE) == (asked is not None, left, town.container.state), world.history[-40:]
    assert [] == [key for key in world.store.rows[TOWN] if key[0] == f"DONE#{RIG}"]
