"""How soon a town without a container has a warm mayor, on the local stack."""

import json
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from gastown.adapters.system.clock import SystemClock
from infra.local.agent_program import AGENT_COMMAND
from infra.local.stack import folder_of, running_stack
from tests.bench.budget import Budget
from tests.e2e.story import Story, new_repository, wait_until, writes

SAMPLES = 5
SETTINGS = {"default_model": "bench/big", "small_model": "bench/small", "kilocode_token": "a-token-of-the-bench"}
"""Without all three nothing is warmed up (REQ-1.14)."""

REGISTERED, WARM, RUNS = "container.registered", "mayor.prewarm_complete", "agent.started"
"""What the container's log says."""


def waking() -> Iterator[Budget]:
    """Towns one after another: somebody wants the mayor; then somebody wants work, and the mayor is only made warm."""
    environment = {"GASTOWN_AGENT_COMMAND": AGENT_COMMAND}
    with tempfile.TemporaryDirectory() as folder, running_stack(environment=environment) as stack:
        stories = [Story.begin(stack, new_repository(_place(folder, number))) for number in range(2 * SAMPLES)]
        wanted = [_measure(story, _want_mayor, RUNS) for story in stories[:SAMPLES]]
        warmed = [_measure(story, _want_work, WARM) for story in stories[SAMPLES:]]
    yield _figure("from wanting the mayor in a cold town until it runs", [end for _, end in wanted])
    yield _figure("from wanting work in a cold town until the mayor is warm", [end for _, end in warmed])
    yield _figure("of which until the container is registered", [first for first, _ in wanted + warmed])


def _place(folder: str, number: int) -> Path:
    place = Path(folder, str(number))
    place.mkdir()
    return place


def _figure(name: str, seconds: list[float]) -> Budget:
    note = f"the median of {len(seconds)}; the longest {max(seconds):.2f}"
    return Budget(name=name, measured=statistics.median(seconds), unit="s", note=note)


def _want_mayor(story: Story) -> None:
    story.api.call("POST", f"/api/towns/{story.town_id}/mayor/ensure")


def _want_work(story: Story) -> None:
    story.sling("Write a.txt", writes("a.txt", "a"))


def _measure(story: Story, want: Callable[[Story], None], last: str) -> tuple[float, float]:
    """Seconds from asking until the container was registered, and until `last` was in its log."""
    story.api.call("PATCH", f"/api/towns/{story.town_id}/config", SETTINGS)
    # Somebody looks at the town's page: it has a mayor then, whom nobody wants yet.
    story.api.call("POST", f"/api/towns/{story.town_id}/mayor/dashboard-context", {"context": "beads"})
    asked = SystemClock().now()
    want(story)
    wait_until(lambda: last in _moments(story))
    seen = _moments(story)
    if last not in seen:
        message = f"the container never said {last}"
        raise RuntimeError(message)
    return (seen[REGISTERED] - asked).total_seconds(), (seen[last] - asked).total_seconds()


def _moments(story: Story) -> dict[str, datetime]:
    logs = folder_of(story.stack.port).rglob("container.log")
    return first_moments((line for log in logs for line in log.read_text().splitlines()), story.town_id)


def first_moments(log: Iterable[str], town_id: str) -> dict[str, datetime]:
    """When each event was first in a log of containers, for one town."""
    seen: dict[str, datetime] = {}
    for line in (json.loads(line) for line in log if line.startswith("{") and line.endswith("}")):
        if line.get("town_id") == town_id and "ts" in line:
            seen.setdefault(line["msg"], datetime.fromisoformat(line["ts"]))
    return seen
