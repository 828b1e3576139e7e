"""A tick's requests and read units with no, a thousand and a hundred thousand finished beads, on the emulator."""

import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.local.launcher import FAKE_CREDENTIALS
from tests.bench.budget import Budget
from tests.bench.counted import READ_BYTES, size
from tests.support.emulator import bare_emulator

FINISHED = (0, 1_000, 100_000)
SAME = 1.05
"""With 100,000 finished beads as with none, within 5 % (design section 8)."""

SIZED = "by the sizes of what was read: the emulator says 1, whatever is read"


def ticking() -> Iterator[Budget]:
    """One tick of the same live town for each number of finished beads."""
    with tempfile.TemporaryDirectory() as state, bare_emulator(Path(state)) as endpoint:
        os.environ.update({**FAKE_CREDENTIALS, "AWS_ENDPOINT_URL": endpoint})
        from tests.bench.table_town import TableTown  # the adapters read the environment when they are loaded

        town = TableTown()
        measured = {count: _tick(town, count) for count in FINISHED}
    first, none = measured[0]
    for operation, what in (("Query", "Queries"), ("TransactWriteItems", "commits")):
        most = max(requests[operation] for requests, _ in measured.values())
        yield Budget(name=f"{what} of a tick", bound=1, measured=most, unit="")
    for count, (requests, units) in measured.items():
        apart = f"{count:,} finished beads"
        note = ", ".join(f"{name} {number}" for name, number in sorted(requests.items()))
        yield Budget(
            name=f"requests of a tick, {apart}",
            bound=first.total() * SAME if count else None,
            measured=requests.total(),
            unit="",
            note=note,
        )
        yield Budget(
            name=f"read units of a tick, {apart}",
            bound=none * SAME if count else None,
            measured=units,
            unit="",
            note="" if count else SIZED,
        )


def _tick(town: Any, count: int) -> tuple[Counter[str], float]:
    town.finish(count)
    town.change_something()
    requests: Counter[str] = Counter()
    units = [0.0]

    def sent(event_name: str, **_: Any) -> None:
        requests[event_name.rpartition(".")[2]] += 1

    def answered(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name == "Query":
            units[0] += math.ceil(sum(size(item) for item in parsed.get("Items", [])) / READ_BYTES)
        elif model.name == "GetItem":
            units[0] += 1

    with town.noting(sent, answered):
        town.tick()
    return requests, units[0]
