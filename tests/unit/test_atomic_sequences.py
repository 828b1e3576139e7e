"""The map of atomic sequences names tests that are there, and leaves no sequence out."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "infra/decisions/0025-what-became-of-the-atomic-sequences.md"
SEQUENCES = 40


def test_every_sequence_has_its_test() -> None:
    """Under its own name, somewhere among the tests."""
    said = PAGE.read_text()
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    named = re.findall(r"`(test_\w+)`", said)

    assert {f"A{n}" for n in range(1, SEQUENCES + 1)} <= set(re.findall(r"\bA\d+", said))
    assert [] == [name for name in named if f"def {name}(" not in code]
