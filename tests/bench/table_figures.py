"""A tick's requests and read units with no, a thousand and a hundred thousand finished beads, on the emulator."""

import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.local.launcher import FAKE_CREDENTIALS
from tests.bench.budget import Budget
from tests.bench.counted import READ_BYTES, size
from tests.support.emulator import bare_emulator

FINISHED = (0, 1_000, 100_000)
BATCH = 25
SAME = 1.05
"""With 100,000 finished beads as with none, within 5 % (design section 8)."""


def ticking() -> Iterator[Budget]:
    """One tick of the same live town for each number of finished beads."""
    with tempfile.TemporaryDirectory() as state, bare_emulator(Path(state)) as endpoint:
        os.environ.update({**FAKE_CREDENTIALS, "AWS_ENDPOINT_URL": endpoint})
        from tests.bench.table_town import TableTown  # the adapters read the environment when they are loaded

        town = TableTown()
        measured = {count: _tick(town, count) for count in FINISHED}
    first = measured[0]
    for count, (requests, units) in measured.items():
        note = ", ".join(f"{name} {number}" for name, number in sorted(requests.items()))
        bound = first[0].total() * SAME
        asked = requests.total()
        yield Budget(name=f"requests of a tick, {count:,} finished", bound=bound, measured=asked, unit="", note=note)
        yield Budget(name=f"read units of a tick, {count:,} finished", bound=first[1] * SAME, measured=units, unit="")


def _tick(town: Any, count: int) -> tuple[Counter[str], float]:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(town.finish, range(town.finished, count, BATCH)))
    town.finished = max(town.finished, count)
    town.change_something()
    requests: Counter[str] = Counter()
    units = [0.0]

    def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        requests[model.name] += 1
        if model.name == "Query":
            units[0] += math.ceil(sum(size(item) for item in parsed.get("Items", [])) / READ_BYTES)
        elif model.name == "GetItem":
            units[0] += 1

    with town.noting(note):
        town.tick()
    return requests, units[0]
