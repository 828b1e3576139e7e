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
CHAIN = 16
"""Beads of the convoy: each done starts a review, each approval the next bead by way of a merge."""

BOUND = 1.0
"""Seconds, the median (design section 8)."""


def reacting() -> Iterator[Budget]:
    """One convoy of chained beads; the last of them, and its landing, start nothing more."""
    environment = {"GASTOWN_AGENT_COMMAND": AGENT_COMMAND}
    with tempfile.TemporaryDirectory() as folder, running_stack(environment=environment) as stack:
        found = _reactions(Story.begin(stack, new_repository(Path(folder))))
    if len(found) < SAMPLES:
        message = f"only {len(found)} reactions were seen"
        raise RuntimeError(message)
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
