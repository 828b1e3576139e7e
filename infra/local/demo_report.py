"""The demo's last screen: receipts, commits, times, counts, and what a fresh clone shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.local import demo_work
from infra.local.demo_ledger import Ledger
from infra.local.demo_repository import Repository, clone_fresh, run_gate
from infra.local.processes import remove_folder


def show(console: Console, ledger: Ledger, repository: Repository, names: Mapping[str, str]) -> None:
    """Print what the run left behind; `names` has the agents by id."""
    console.rule("receipts")
    for review in ledger.receipts:
        for line in spell_receipt(review, names):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.rule(f"new commits on {repository.default_branch}")
    console.print(repository.graph() or "none", markup=False, highlight=False, soft_wrap=True)
    console.rule("timeline (seconds since the step before)")
    for times in ledger.timelines().values():
        console.print(f"{times.title:<28.28} {times.spell()}", markup=False, highlight=False, soft_wrap=True)
    console.rule("cost")
    show_counts(console, ledger)


def spell_receipt(review: dict[str, Any], names: Mapping[str, str]) -> list[str]:
    """One merged review in lines: what, where to, approved by whom, what the gates said."""
    receipt = review["receipt"]
    kind = "LANDING" if review.get("source_id") is None else "merge"
    tree = f", tree {receipt['tree'][:10]}" if receipt["tree"] else ""
    shas = f"sha {receipt['sha'][:10]}, commit {receipt['commit_sha'][:10]}{tree}"
    approver = names.get(str(receipt.get("approved_by")), receipt.get("approved_by") or "nobody")
    title = str(review["title"]).removeprefix("Review: ").removeprefix("Land convoy: ")
    lines = [f"{kind}: {title} -> {receipt['target_branch']}", f"  {shas}, approved by {approver}"]
    for gate in receipt.get("gates", []):
        verdict = "passed" if int(gate["exit_code"]) == 0 else f"FAILED ({gate['exit_code']})"
        lines.append(f"  gate {verdict} in {float(gate['seconds']):.2f} s: {gate['command']}")
    return lines


def show_counts(console: Console, ledger: Ledger) -> None:
    """Print ticks, requests and the reaction time."""
    services = ledger.aws_requests
    total, landed = sum(services.values()), max(1, sum(1 for review in ledger.receipts if review.get("source_id")))
    console.print(f"{ledger.ticks} ticks, {len(ledger.journal)} commits, {ledger.api_calls} calls of the HTTP API")
    listing = ", ".join(f"{name} {count}" for name, count in services.most_common())
    console.print(f"{total} AWS requests ({listing})", soft_wrap=True)
    console.print(f"per landed bead: {ledger.ticks / landed:.1f} ticks, {total / landed:.0f} AWS requests")
    if (median := ledger.median_reaction()) is not None:
        console.print(f"from a done to the next start asked for: median {median:.2f} s of {len(ledger.reactions())}")


def find_missing(repository: Repository, folder: str, clone: Path, ledger: Ledger) -> list[str]:
    """What is not as it should be on the default branch, looked at in a fresh clone; nothing if all landed."""
    remove_folder(clone)
    clone_fresh(repository, clone)
    absent = [part for part in demo_work.PARTS if not (clone / folder / part.file).is_file()]
    missing = [f"{folder}/{part.file} (task {part.name}) is not on {repository.default_branch}" for part in absent]
    code, output = run_gate(demo_work.gate(folder), clone)
    if code:
        missing.append(f"the gate fails in a fresh clone: {output}")
    landings = [review for review in ledger.receipts if review.get("source_id") is None]
    if [review["receipt"]["commit_sha"] for review in landings] != [repository.head()]:
        missing.append("the landing's receipt does not name the head of the default branch")
    if not any(line.reworks for line in ledger.timelines().values()):
        missing.append("no review asked for changes, although task B fails its gate at first")
    return missing


def conclude(console: Console, missing: list[str], seconds: float) -> int:
    """Print the verdict; returns the exit code."""
    console.rule()
    if not missing:
        console.print(f"[green]Landed.[/] A fresh clone has every part and passes the gate. {seconds:.0f} s in all.")
        return 0
    console.print(f"[red]Not landed[/] after {seconds:.0f} s:")
    for line in missing:
        console.print(f"  - {line}", markup=False, highlight=False, soft_wrap=True)
    return 1
