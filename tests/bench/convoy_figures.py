"""What a town costs: ticks, requests and dollars of a standard convoy in virtual time, and of the rest after it."""

from collections.abc import Iterator, Mapping
from typing import Any

from gastown.adapters.dynamodb.town_store import DUE_SHARDS
from gastown.usecases.sweep import UNDER_WAY
from infra.local.template import read_template
from tests.bench.budget import Budget
from tests.bench.player import LAYERS, WIDE, Figures, Player
from tests.bench.prices import per_thousand, shares

POLLERS, POLL_SECONDS = 5, 20
"""How Lambda polls a quiet queue: so many long polls at a time, each of so many seconds."""

DAY_MINUTES = 24 * 60
CONVOY = f"{LAYERS * WIDE}-bead convoy"


def played() -> Iterator[Budget]:
    """The standard convoy, as this town ticks and as the reference's loop would, and a day of rest after it."""
    ours, loop = Player(looping=False).play(), Player(looping=True).play()
    for figures in (ours, loop):
        if figures.landed != LAYERS * WIDE:
            message = f"only {figures.landed} beads of the standard convoy landed"
            raise RuntimeError(message)
    leftover = f"before that {ours.leftover} late alarm that finds nothing; in the reference's loop {loop.idle_ticks}"
    yield Budget(name="ticks of an idle town in 24 h", bound=0, measured=ours.idle_ticks, unit="", note=leftover)
    yield Budget(name="requests of an idle town in 24 h", bound=0, measured=ours.idle_calls, unit="")
    yield from own_requests(read_template())
    yield from _compared(ours, loop)
    yield Budget(
        name="control plane per 1,000 landed beads",
        bound=1.0,
        measured=per_thousand(ours),
        unit="dollars",
        note=shares(ours),
    )


def _compared(ours: Figures, loop: Figures) -> Iterator[Budget]:
    commits = f"{ours.commits} commits by all doors, {ours.lasted.total_seconds() / 60:.0f} min"
    yield Budget(name=f"ticks of a {CONVOY}", measured=ours.ticks, unit="", note=commits)
    times = f"{loop.ticks / ours.ticks:.1f} x as many"
    yield Budget(name="  in the reference's loop", measured=loop.ticks, unit="", note=times)
    kinds = f"DynamoDB {ours.calls.total()}, {', '.join(f'{name} {n}' for name, n in ours.asked.most_common())}"
    yield Budget(name=f"requests of a {CONVOY}", measured=ours.requests, unit="", note=kinds)
    times = f"{loop.requests / ours.requests:.1f} x as many, its own alarm and wakes taken as free"
    yield Budget(name="  in the reference's loop", measured=loop.requests, unit="", note=times)


def own_requests(template: Mapping[str, Any]) -> Iterator[Budget]:
    """What a stack asks for in a day however many towns rest in it, computed from the template's rates."""
    resources = list(template["Resources"].values())
    sweeps = sum(
        DAY_MINUTES
        for each in resources
        if each["Type"] == "AWS::Scheduler::Schedule" and each["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    )
    queries = DUE_SHARDS + len(UNDER_WAY)
    yield Budget(
        name="  apart: the stack's sweep in 24 h",
        measured=sweeps * (1 + queries),
        unit="requests",
        note=f"{sweeps} calls of {queries} Queries each, one sweep for all towns",
    )
    queues = sum(1 for each in resources if each["Type"] == "AWS::Lambda::EventSourceMapping")
    polls = queues * POLLERS * DAY_MINUTES * 60 // POLL_SECONDS
    note = f"{queues} queues, {POLLERS} pollers each, a poll every {POLL_SECONDS} s"
    yield Budget(name="  apart: the stack's queue polling in 24 h", measured=polls, unit="requests", note=note)
