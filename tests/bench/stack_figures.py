"""How soon a `done` is followed by the next start, on the local stack."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.local.agent_program import AGENT_COMMAND
from infra.local.demo_ledger import read_ledger
from infra.local.stack import running_stack
from tests.bench.budget import Budget
from tests.e2e.story import Story, chain, new_repository

SAMPLES = 30
CHAIN = 9
"""Beads of one convoy: each done starts a review, each merge the next bead."""

BOUND = 1.0
"""Seconds, the median (design section 8)."""


def reacting() -> Iterator[Budget]:
    """Convoys of chained beads, one after the other, until there are enough samples."""
    found: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(environment={"GASTOWN_AGENT_COMMAND": AGENT_COMMAND}) as stack,
    ):
        round_ = 0
        while len(found) < SAMPLES:
            place = Path(folder) / str(round_)
            place.mkdir()
            found += _reactions(Story.begin(stack, new_repository(place)))
            round_ += 1
    ordered = sorted(found)
    high = ordered[int(0.95 * (len(ordered) - 1))]
    yield Budget(
        name="from a done to the next start, median", bound=BOUND, measured=statistics.median(found), unit="s",
        note=f"of {len(found)}",
    )  # fmt: skip
    yield Budget(name="from a done to the next start, 95th percentile", measured=high, unit="s")


def _reactions(story: Story) -> list[float]:
    tasks = chain([f"{n}.txt" for n in range(CHAIN)])
    order = {"rig_id": story.rig_id, "convoy_title": "Chain", "tasks": tasks}
    slung = story.api.call("POST", f"/api/towns/{story.town_id}/convoys/sling", order)
    state = story.wait_for_convoy(slung["convoy"]["id"])
    if state != "landed":
        message = f"the convoy of the bench is {state}"
        raise RuntimeError(message)
    return read_ledger(story.stack, story.town_id).reactions()
