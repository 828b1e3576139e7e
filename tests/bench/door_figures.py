"""How much processor time each door takes to import, beside boto3 with one client."""

import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.budget import Budget

DOORS = ("api", "agents", "debug", "reconcile", "effects", "convoy", "task_state", "sweep", "towns", "live")
HTTP, OTHERS = 2.0, 1.5
"""Bounds as multiples of `import boto3` with one client (design section 8)."""

PROCESSES = 10
BARE = "pass"
BASE = 'import boto3; boto3.client("dynamodb", region_name="us-east-1")'
ROOT = Path(__file__).resolve().parents[2]


def importing() -> Iterator[Budget]:
    """The median of ten fresh processes each, taken in turn, so that a slow minute is slow for all."""
    codes = {"bare": BARE, "base": BASE, **{door: f"import functions.{door}.handler" for door in DOORS}}
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(PROCESSES):
        for name, code in codes.items():
            times[name].append(_seconds(code))
    bare = statistics.median(times["bare"])
    base = statistics.median(times["base"]) - bare
    for door in DOORS:
        ratio = (statistics.median(times[door]) - bare) / base
        bound = HTTP if door in ("api", "agents") else OTHERS
        yield Budget(name=f"import of {door}", bound=bound, measured=ratio, unit="x boto3")


def _seconds(code: str) -> float:
    """Processor time of one fresh process: on a machine that others use too, the clock also counts waiting for them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
