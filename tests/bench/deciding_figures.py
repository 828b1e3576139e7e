"""How fast a town decides."""

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

from gastown.domain.agent import Role
from gastown.domain.bead import Bead
from gastown.domain.container import AgentPulse, Pulse
from gastown.domain.hooking import assign_bead, dispatch, hire
from gastown.domain.ids import BeadId, Moment
from gastown.domain.town import Town
from gastown.reconciler.decide import decide
from gastown.reconciler.wake_ups import next_wake_up
from tests.bench.budget import Budget
from tests.support.builders import NOW, RIG, a_bead, a_town, new_ids, with_container

DECIDES = 200
AGENTS, MOST = 40, 200


def deciding() -> Iterator[Budget]:
    """`decide` and the next wake-up by live beads, the slower of two towns: one is quiet, one has everything to do."""
    for beads in (10, 50, 200):
        quiet, eager = _median(busy_town(beads)), _median(eager_town(beads))
        yield Budget(
            name=f"decide, {beads} live beads, {AGENTS} agents",
            bound=5.0 if beads == MOST else None,
            measured=max(quiet, eager),
            unit="ms",
            note=f"quiet {quiet:.2f}, with all beads to assign {eager:.2f}",
        )


def _median(town: Town) -> float:
    """Milliseconds of one look at a town, the median of many."""
    now, times = NOW + timedelta(seconds=1), []
    for _ in range(DECIDES):
        began = time.perf_counter()
        decide(town, now)
        next_wake_up(town, now)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def eager_town(beads: int) -> Town:
    """A town whose agents are idle and whose beads are all ready."""
    town, moment = with_container(a_town()), Moment(now=NOW, ids=new_ids())
    town.config.max_polecats_per_rig = AGENTS
    for n in range(beads):
        a_bead(town, f"bead-{n:04d}")
    for _ in range(AGENTS):
        hire(town, RIG, Role.POLECAT, moment)
    return town


def busy_town(beads: int) -> Town:
    """A town whose agents are at work as far as there are beads, and whose other beads wait for them."""
    town, moment = with_container(a_town()), Moment(now=NOW, ids=new_ids())
    town.config.max_polecats_per_rig = AGENTS
    for n in range(beads):
        name = BeadId(f"bead-{n:04d}")
        bead = Bead(id=name, rig_id=RIG, title=f"Bead {n}", created_at=NOW, updated_at=NOW)
        if n >= AGENTS:
            bead.blockers = [BeadId(f"bead-{n % AGENTS:04d}")]
        town.beads[name] = bead
    for _ in range(AGENTS):
        hire(town, RIG, Role.POLECAT, moment)
    for name in list(town.beads)[:AGENTS]:
        assign_bead(town, name, moment)
    for agent in town.agents.values():
        if agent.hook:
            dispatch(town, agent.id, moment)
    town.commands.clear()
    seen = {agent.id: AgentPulse(dispatch=agent.dispatch, at=NOW) for agent in town.agents.values()}
    town.pulses = {1: Pulse(generation=1, at=NOW, agents={str(key): pulse for key, pulse in seen.items()})}
    return town
