"""A diamond of four beads, one of which fails its gate at first, becomes merged commits on the default branch."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from infra.local import demo, demo_report
from infra.local.demo_board import Screen
from infra.local.demo_ledger import read_ledger
from infra.local.demo_repository import git
from infra.local.stack import Stack
from tests.e2e.story import new_repository

pytestmark = pytest.mark.e2e


def test_a_diamond_lands_with_a_rework_and_receipts(stack: Stack, tmp_path: Path) -> None:
    """Every part is on the default branch, the gate passes there, and a receipt names each merge."""
    repository = new_repository(tmp_path)
    api = demo.open_api(stack)
    job = demo.sling(api, repository)
    told = io.StringIO()
    board = demo.watch(api, job, Screen(console=Console(file=told, width=200)), limit=150)
    api.client.close()
    ledger = read_ledger(stack, job.town_id)

    assert (board.outcome, demo_report.find_missing(repository, job.folder, tmp_path / "clone", ledger)) == (
        "landed",
        [],
    )
    assert len(ledger.receipts) == 5
    assert all(gate["exit_code"] == 0 for review in ledger.receipts for gate in review["receipt"]["gates"])
    assert "needs changes" in told.getvalue()
    assert git("merge-base", "main", repository.first_sha, folder=repository.path) == repository.first_sha
