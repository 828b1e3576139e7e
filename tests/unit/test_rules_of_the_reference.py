"""The map of rules names each rule of the reference and of this town, so that it cannot fall behind them."""

from pathlib import Path

from gastown.reconciler.rules import RULES

THEIRS = (
    "A1 A2 A3 A4 A-reset A5a A5b A5c B1 B1b B2 B3 B4 B-breaker R1 R1m R2 R3 R4 R-fast R-babysit R-orphan R5 R6 R7 "
    "1.6 3.4 3.5 3.6 3.7 3.8 3.9 3.10 9.1 9.2 9.3 9.4"
)
"""The reference's rules and their neighbours, as the facts name them (reconciler facts, sections 1, 3, 9)."""

PAGE = Path(__file__).parents[2] / "infra/decisions/0016-what-became-of-the-references-rules.md"


def test_every_rule_of_the_reference_has_a_row() -> None:
    """With its counterpart here, or why there is none."""
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    told = {word.strip(",") for row in rows if row[2].strip() for word in row[1].split()}

    assert set() == set(THEIRS.split()) - told


def test_every_rule_stands_on_the_map() -> None:
    """Under its own name, or under a family of names that ends in a star."""
    said = PAGE.read_text()
    names = [rule.__name__ for rule in RULES]
    families = [word.strip("`*") for word in said.split() if word.strip("`,.;)").endswith("*")]

    assert [] == [name for name in names if name not in said and not name.startswith(tuple(families))]
