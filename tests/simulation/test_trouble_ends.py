"""Agents that hang, crash, call for help and answer triage at random: whatever they do, all of it ends."""

import os
from datetime import timedelta

import pytest

from gastown.domain.bead import Bead
from gastown.domain.errors import GastownError
from gastown.domain.escalating import Plea, route_escalation
from gastown.domain.escalation import Severity
from gastown.domain.ids import Moment
from gastown.domain.limits import MAX_TRIAGE_REQUESTS, MAX_TRIAGE_ROUNDS
from gastown.domain.resolving import Answer, resolve_triage
from gastown.domain.town import Town
from gastown.domain.triage import TriageAction, TriageType
from tests.simulation.world import START, TOWN, FakeContainer, World

SEEDS = max(1, int(os.environ.get("SEEDS") or "200") // 4)
FROM = int(os.environ.get("FROM") or "0")


class Troubled(World):
    """A world whose agents may hang for hours while their container speaks for them, or call for help."""

    def _obey(self, task: FakeContainer, command_id: str) -> None:
        """A start may be one of a process that will hang, until somebody stops it."""
        before = set(task.sessions)
        super()._obey(task, command_id)
        for name in set(task.sessions) - before:
            if self.random.random() < self.trouble * 0.4:
                self._tell(f"agent {name} will hang")
                task.sessions[name].ends_at = self.time + timedelta(hours=9)

    def act(self) -> None:
        """Somebody at work says something: a call for help, or an answer to triage."""
        town = self.uow.read(TOWN)
        working = [agent for agent in town.agents.values() if agent.open_run is not None]
        if not working:
            return
        agent = self.random.choice(working)
        bead = town.beads.get(agent.hook) if agent.hook else None
        try:
            if bead is not None and bead.is_triage_batch and town.triage:
                request_id = self.random.choice(list(town.triage))
                answer = Answer(action=self.random.choice(list(TriageAction)), by=agent.id, notes="so be it")
                self._tell(f"triage: {answer.action} for {request_id}")
                self._change(lambda t, m: resolve_triage(t, request_id, answer, m))
            elif self.random.random() < self.trouble:
                plea = Plea(title="Help", text="Help me", severity=self.random.choice(list(Severity)))
                self._change(lambda t, m: route_escalation(t, t.agents[agent.id], plea, m))
        except GastownError as refusal:
            self._tell(f"refused: {refusal}")

    def _change(self, move: object) -> None:
        def spoken(town: Town, moment: Moment) -> object:
            return move(town, moment)  # type: ignore[operator]

        self.uow.change(TOWN, spoken, actor="agent", cause="sim")


def check_trouble(town: Town) -> None:
    """The bounds of what this is about."""
    batches = [bead for bead in town.beads.values() if bead.is_triage_batch]
    asked = [request for request in town.triage.values() if request.type is not TriageType.ESCALATION]
    twins = [(request.agent_id, request.type) for request in town.triage.values()]
    assert len(batches) <= 1, "two triage batches at once"
    assert len(asked) <= MAX_TRIAGE_REQUESTS, f"{len(asked)} requests"
    assert len(twins) == len(set(twins)), "an agent is asked about twice"
    assert all(request.rounds <= MAX_TRIAGE_ROUNDS for request in town.triage.values())
    assert all(escalation.re_escalations <= 3 for escalation in town.escalations.values())
    assert not any(request.bead_id == batch.id for batch in batches for request in town.triage.values())


def waiting(town: Town) -> list[Bead]:
    """Beads that nobody but the town itself could move."""
    return [bead for bead in town.beads.values() if not bead.is_held and not town.blocked_by(bead)]


@pytest.mark.parametrize("seed", range(FROM, FROM + SEEDS))
def test_what_hangs_crashes_or_calls_for_help_is_dealt_with(seed: int) -> None:
    """After the trouble stops, no request, no batch and no ready bead is left, and the town sleeps."""
    world = Troubled(seed, trouble=0.3)
    if seed % 4 == 0:
        world.uow.change(TOWN, _switch_triage_off, actor="user", cause="config")
    world.sling(2 + world.random.randint(0, 4))
    world.sling(1)
    moved = True
    try:
        for _ in range(20_000):
            quiet = world.time - START > timedelta(hours=8)
            world.trouble = 0.0 if quiet else world.trouble
            if world.random.random() < 0.05:
                world.act()
            moved = world.step()
            check_trouble(world.uow.read(TOWN))
            if not moved or world.time - START > timedelta(days=4):
                break
    except AssertionError as broken:
        raise AssertionError("\n".join([f"seed {seed}", *world.history[-60:], str(broken)])) from broken

    town = world.uow.read(TOWN)
    left = [bead.title for bead in waiting(town)], [r.title for r in town.triage.values() if town.config.auto_triage]
    assert ([], []) == left, "\n".join([f"seed {seed}", *world.history[-60:]])
    assert not moved, f"seed {seed} is awake after {world.time - START}"


def _switch_triage_off(town: Town, _moment: Moment) -> None:
    town.config.auto_triage = False
