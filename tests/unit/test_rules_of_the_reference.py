"""The map of rules names each rule of this town, so that it cannot fall behind them."""

from pathlib import Path

from gastown.reconciler.rules import RULES

PAGE = Path(__file__).parents[2] / "infra/decisions/0016-what-became-of-the-references-rules.md"


def test_every_rule_stands_on_the_map() -> None:
    """Under its own name, or under a family of names that ends in a star."""
    said = PAGE.read_text()
    names = [rule.__name__ for rule in RULES]
    families = [word.strip("`*") for word in said.split() if word.strip("`,.;)").endswith("*")]

    assert [] == [name for name in names if name not in said and not name.startswith(tuple(families))]
