"""The text of a request that the platform opens: words of others stay inside their blocks, and none is long."""

from datetime import UTC, datetime

import pytest

from gastown.domain.bead import Bead, BeadStatus, Stub
from gastown.domain.convoy import Convoy, MergeMode
from gastown.domain.ids import BeadId, RigId
from gastown.domain.request_text import LIST_SHOWN, code_block, code_span, request_text
from gastown.domain.review import Review
from gastown.domain.town import Town
from tests.support.vaults import Treasury

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GITHUB_LIMIT = 65_536


def a_review(source: BeadId | None = None, convoy: BeadId | None = None, summary: str | None = None) -> Review:
    """A review of one branch."""
    return Review(
        id=BeadId("review-1"), rig_id=RigId("rig-1"), title="Review", branch="work", sha="sha-1", target_branch="main",
        base_branch="main", created_at=NOW, updated_at=NOW, source_id=source, convoy_id=convoy, summary=summary,
    )  # fmt: skip


@pytest.fixture
def town() -> Town:
    """A town with one rig."""
    treasury = Treasury()
    treasury.town.rigs[RigId("rig-1")] = treasury.rig
    return treasury.town


@pytest.mark.parametrize("text", ["```\n@everyone closes #1\n```", "a ````` b", "`" * 40, "plain"])
def test_no_text_ends_the_block_that_it_stands_in(text: str) -> None:
    """The fence is longer than any run of backticks in it."""
    opening, *body, closing = code_block(text).split("\n")

    assert opening == closing + "text"
    assert text == "\n".join(body)
    assert closing not in text


def test_no_text_ends_the_span_that_it_stands_in() -> None:
    """One line, without backticks of its own."""
    assert "`a' b' c`" == code_span("a`\n\n b`   c")
    assert "(no name)" == code_span(" \n ")


def test_the_text_is_bounded_whatever_was_written(town: Town) -> None:
    """GitHub refuses more than 65,536 characters."""
    bead = Bead(id=BeadId("bead-1"), rig_id=RigId("rig-1"), title="t" * 9_000, created_at=NOW, updated_at=NOW)
    town.beads[bead.id] = bead
    town.config.refinery.gates = ["g" * 9_000] * 99

    assert len(request_text(town, a_review(bead.id, summary="s" * 99_999), "x" * 99_999, str)) < GITHUB_LIMIT / 2


def test_a_landing_names_the_beads_that_land(town: Town) -> None:
    """Those that are over, too, and how many more there are."""
    convoy = Convoy(
        id=BeadId("convoy-1"), rig_id=RigId("rig-1"), title="All `widgets`", feature_branch="convoy/1/head",
        merge_mode=MergeMode.REVIEW_THEN_LAND, created_at=NOW, updated_at=NOW,
        beads=[BeadId(f"bead-{number}") for number in range(LIST_SHOWN + 2)],
    )  # fmt: skip
    town.convoys[convoy.id] = convoy
    town.config.refinery.gates = ["make test"]
    for bead_id in convoy.beads:
        town.stubs[bead_id] = Stub(id=bead_id, title=f"Title of {bead_id}", status=BeadStatus.CLOSED)
    text = request_text(town, a_review(convoy=convoy.id), None, str)

    assert "Lands the convoy `All 'widgets'`." in text
    assert "`Title of bead-0` (closed)" in text
    assert "- and 2 more" in text
    assert "`make test`: not run yet on this branch as a whole" in text
