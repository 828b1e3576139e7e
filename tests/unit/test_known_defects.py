"""The map of known defects leaves none out, and names tests and mutants that are there."""

import re
from pathlib import Path

from tests.simulation.mutants import MUTANTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "infra/decisions/0028-what-became-of-the-known-defects.md"
FOUND_IN_RULES, KNOWN_IN_TOWNS = 27, 65


def rows() -> list[tuple[str, str]]:
    """What was wrong, and what is here instead."""
    cells = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith(("| R", "| T"))]
    return [(row[1].strip(), row[2].strip()) for row in cells]


def test_every_known_defect_has_a_row() -> None:
    """Once, with an answer."""
    named = [number for what, here in rows() if here for number in re.findall(r"\b[RT]\d+\b", what)]
    every = [f"R{n}" for n in range(1, FOUND_IN_RULES + 1)] + [f"T{n}" for n in range(1, KNOWN_IN_TOWNS + 1)]

    assert sorted(every) == sorted(named)


def test_tests_and_mutants_that_are_named_are_there() -> None:
    """Under their own names."""
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    said = " ".join(here for _, here in rows())

    assert [] == [name for name in re.findall(r"`(test_\w+)`", said) if f"def {name}(" not in code]
    assert set() == set(re.findall(r"\*([^*]+)\*", said)) - {mutant.name for mutant in MUTANTS}
