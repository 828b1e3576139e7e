"""What a town costs: ticks, requests, units and dollars, in virtual time; and how fast it decides."""

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
from tests.bench.player import LAYERS, WIDE, Figures, Player
from tests.support.builders import NOW, RIG, a_town, new_ids, with_container

PRICES = {
    "DynamoDB read unit": 0.125e-6,
    "DynamoDB write unit": 0.625e-6,
    "Lambda request": 0.20e-6,
    "Lambda 512 MB, 0.2 s": 0.5 * 0.2 * 0.0000166667,
    "SQS request": 0.40e-6,
    "HTTP API request": 1.00e-6,
    "Step Functions transition": 25e-6,
}
"""Dollars at list price, us-east-1, from the services' pricing pages as of November 2025."""

TRANSITIONS = 5
"""Transitions of the convoy state machine for each bead, its share of start, landing and close included."""

QUEUE_CALLS = 3
"""Send, receive and delete of one message."""

BEADS = LAYERS * WIDE
DECIDES = 200
AGENTS = 40


def played() -> Iterator[Budget]:
    """The standard convoy, as this town ticks and as the reference's loop would."""
    ours, loop = Player(looping=False).play(), Player(looping=True).play()
    yield Budget(name="requests of an idle town in 24 h", bound=0, measured=ours.idle_ticks, unit="ticks")
    yield Budget(name=f"ticks of a {BEADS}-bead convoy", measured=ours.ticks, unit="ticks")
    yield Budget(
        name="  the same in the reference's loop",
        measured=loop.ticks,
        unit="ticks",
        note=f"{loop.ticks / ours.ticks:.1f} x; then {loop.idle_ticks} a day while idle",
    )
    yield Budget(name=f"store requests of a {BEADS}-bead convoy", measured=ours.calls.total(), unit="requests")
    yield Budget(
        name="  the same in the reference's loop",
        measured=loop.calls.total(),
        unit="requests",
        note=f"{loop.calls.total() / ours.calls.total():.1f} x",
    )
    cost = dollars(ours) / BEADS * 1000
    yield Budget(
        name="control plane per 1,000 landed beads", bound=1.0, measured=cost, unit="dollars", note=shares(ours)
    )


def bill(figures: Figures) -> dict[str, float]:
    """What a played convoy costs, by what is paid for."""
    requests = figures.calls["deliver"] + figures.beats
    invocations = figures.ticks + figures.effects + requests + BEADS * 2
    return {
        "reads": figures.reads * PRICES["DynamoDB read unit"],
        "writes": figures.writes * PRICES["DynamoDB write unit"],
        "functions": invocations * (PRICES["Lambda request"] + PRICES["Lambda 512 MB, 0.2 s"]),
        "queues": (figures.wakes + figures.effects) * QUEUE_CALLS * PRICES["SQS request"],
        "HTTP": requests * PRICES["HTTP API request"],
        "convoys": BEADS * TRANSITIONS * PRICES["Step Functions transition"],
    }


def dollars(figures: Figures) -> float:
    """The whole bill of a played convoy."""
    return sum(bill(figures).values())


def shares(figures: Figures) -> str:
    """Where the money goes, in per cent."""
    whole = dollars(figures)
    return ", ".join(f"{name} {100 * part / whole:.0f} %" for name, part in bill(figures).items())


def deciding() -> Iterator[Budget]:
    """`decide` and the next wake-up of a busy town, by live beads; the median of many."""
    for beads in (10, 50, 200):
        town = busy_town(beads)
        now = NOW + timedelta(seconds=1)
        times = []
        for _ in range(DECIDES):
            began = time.perf_counter()
            decide(town, now)
            next_wake_up(town, now)
            times.append(time.perf_counter() - began)
        bound = 5.0 if beads == 200 else None
        yield Budget(
            name=f"decide, {beads} live beads, {AGENTS} agents",
            bound=bound,
            measured=statistics.median(times) * 1000,
            unit="ms",
        )


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
