"""How fast a town decides."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

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

GROUPS, DECIDES = 5, 40
"""Groups, and looks in each."""

AGENTS, MOST, MILLISECONDS = 40, 200, 5.0
"""The bound and where it holds (design section 8)."""

BACKOFF = timedelta(minutes=1)


def deciding() -> Iterator[Budget]:
    """The slowest look of a tick by live beads. A tick asks for the next wake-up only where nothing is left to do."""
    for beads in (10, 50, MOST):
        looks = {
            "all to assign": _median(idle_town(beads), _decide),
            "all in backoff": _median(idle_town(beads, until=NOW + BACKOFF), _rest),
            "at work or ready": _median(busy_town(beads, blocked=False), _rest),
            "at work or blocked": _median(busy_town(beads, blocked=True), _rest),
        }
        yield Budget(
            name=f"decide, {beads} live beads, {AGENTS} agents",
            bound=MILLISECONDS if beads == MOST else None,
            measured=max(looks.values()),
            unit="ms",
            note=", ".join(f"{name} {found:.2f}" for name, found in looks.items()),
        )


def _decide(town: Town, now: datetime) -> None:
    """A look that finds something to do."""
    if not decide(town, now):
        raise AssertionError("this town has work to assign")


def _rest(town: Town, now: datetime) -> None:
    """A look that finds nothing, and when to look again."""
    if decide(town, now):
        raise AssertionError("this town has nothing left to do")
    next_wake_up(town, now)


def _median(town: Town, look: Callable[[Town, datetime], None]) -> float:
    """Milliseconds of the processor: the median of many, in the quietest of some groups, since others use it too."""
    return min(statistics.median(_times(town, look)) for _ in range(GROUPS)) * 1000


def _times(town: Town, look: Callable[[Town, datetime], None]) -> Iterator[float]:
    now = NOW + timedelta(seconds=1)
    for _ in range(DECIDES):
        began = time.process_time()
        look(town, now)
        yield time.process_time() - began


def idle_town(beads: int, until: datetime | None = None) -> Town:
    """A town whose agents are idle and whose beads are all ready, at once or after a backoff."""
    town, moment = with_container(a_town()), Moment(now=NOW, ids=new_ids())
    town.config.max_polecats_per_rig = AGENTS
    for n in range(beads):
        a_bead(town, f"bead-{n:04d}", not_before=until)
    for _ in range(AGENTS):
        hire(town, RIG, Role.POLECAT, moment)
    return town


def busy_town(beads: int, *, blocked: bool) -> Town:
    """A town whose agents are at work as far as there are beads; its other beads are blocked, or wait for a slot."""
    town, moment = with_container(a_town()), Moment(now=NOW, ids=new_ids())
    town.config.max_polecats_per_rig = AGENTS
    for n in range(beads):
        name = BeadId(f"bead-{n:04d}")
        bead = Bead(id=name, rig_id=RIG, title=f"Bead {n}", created_at=NOW, updated_at=NOW)
        if blocked and n >= AGENTS:
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
