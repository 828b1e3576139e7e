"""`python -m infra.local.demo`: a convoy lands on a real repository while you watch.

Puts a local stack up, slings four tasks in a diamond, shows them live, and then checks in a fresh clone that every
part is on the default branch. Exit code 0 only if all of it landed. The agents are a deterministic program, no model,
unless `GASTOWN_AGENT_COMMAND` names another one.
"""

import argparse
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console

from infra.local import demo_report, demo_work
from infra.local.agent_program import agent_environment
from infra.local.demo_api import Refused, TownApi
from infra.local.demo_board import Board, Screen
from infra.local.demo_forge import DemoForge, running_forge
from infra.local.demo_ledger import read_ledger
from infra.local.demo_repository import Repository, RepositoryFailed, copy_bare
from infra.local.deployment import DeploymentFailed
from infra.local.stack import Stack, StackFailed, folder_of, running_stack
from infra.local.template import ROOT

TIME_LIMIT = 240.0
LOOK_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """A convoy under way and where it lands."""

    town_id: str
    rig_id: str
    convoy_id: str
    folder: str
    repository: Repository


def open_api(stack: Stack) -> TownApi:
    """The client of a stack's owner."""
    return TownApi(api=stack.api, user_id=stack.user_id, user_token=stack.user_token)


def sling(api: TownApi, repository: Repository, forge: DemoForge | None = None) -> Job:
    """Make a town and a rig over the repository, at the forge if there is one, and sling the diamond."""
    town_id = api.create_town("demo")
    folder = demo_work.folder_name(town_id[-8:])
    refinery = {"gates": [demo_work.gate(folder)], "auto_merge_delay_minutes": 0}
    api.configure(town_id, {"refinery": refinery, **(forge.settings if forge else {})})
    address = forge.git_url if forge else str(repository.path)
    rig_id = api.create_rig(town_id, "demo", address, repository.default_branch)
    slung = api.sling_convoy(town_id, demo_work.order(rig_id, folder))
    convoy_id = str(slung["convoy"]["id"])
    return Job(town_id=town_id, rig_id=rig_id, convoy_id=convoy_id, folder=folder, repository=repository)


def watch(api: TownApi, job: Job, screen: Screen, limit: float = TIME_LIMIT) -> Board:
    """Show the convoy until it has ended or the time is over."""
    board = Board(convoy_id=job.convoy_id)
    deadline = time.monotonic() + limit
    with screen:
        while board.outcome is None and time.monotonic() < deadline:
            news: list[str] = []
            try:
                board.names = {agent["id"]: agent["name"] for agent in api.agents(job.town_id, job.rig_id)}
                news = board.take(api.events(job.town_id))
            except (httpx.HTTPError, Refused) as trouble:
                news = [f"the service did not answer ({trouble}); looking again"]
            screen.show(board, news, datetime.now(UTC))
            if board.outcome is None:
                time.sleep(LOOK_SECONDS)
    return board


def run(asked: argparse.Namespace, console: Console) -> int:
    """The whole demo; returns the exit code."""
    begun = time.monotonic()
    with ExitStack() as until_done:
        place = Path(until_done.enter_context(TemporaryDirectory(prefix="gastown-demo-")))
        console.print(f"[bold]1[/] Copying {asked.repo} to a bare repository of its own ...")
        repository, forge = copy_bare(asked.repo, place / "repository.git"), None
        if asked.forge:
            forge = until_done.enter_context(running_forge(repository, place / "forge"))
            repository = forge.repository
            console.print(f"  a forge serves it with pull requests at {forge.url}")
        console.print("[bold]2[/] Putting the local stack up: template, functions, tables, queues, state machine ...")
        parameters = forge.parameters if forge else None
        stack = until_done.enter_context(
            running_stack(asked.port, environment=agent_environment(), parameters=parameters)
        )
        console.print(f"  api {stack.api}, logs in .local/{stack.port}/ ({time.monotonic() - begun:.0f} s)")
        board, missing = land(stack, repository, forge, console)
    if board.outcome != "landed":
        missing.insert(0, f"the convoy is {board.outcome or f'not over after {TIME_LIMIT:.0f} s'}")
        missing += [f"escalated: {line}" for line in board.told if "ESCALATED" in line]
    return demo_report.conclude(console, missing, time.monotonic() - begun)


def land(stack: Stack, repository: Repository, forge: DemoForge | None, console: Console) -> tuple[Board, list[str]]:
    """Sling the convoy, show it, and say what landed; what is missing of it."""
    api = open_api(stack)
    console.print(f"[bold]3[/] Slinging four tasks onto {repository.default_branch} ({repository.first_sha[:10]}) ...")
    job = sling(api, repository, forge)
    board = watch(api, job, Screen(console=console))
    ledger = read_ledger(stack, job.town_id)
    demo_report.show(console, ledger, repository, board.names)
    clone = folder_of(stack.port) / "demo" / "fresh-clone"
    return board, demo_report.find_missing(repository, job.folder, clone, ledger)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, run the demo; every process it started ends with it."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description="A convoy lands while you watch.")
    repo, port = os.environ.get("REPO") or str(ROOT), os.environ.get("PORT")
    parser.add_argument("--repo", default=repo, help="path or URL of a repository to copy (REPO; this project's own)")
    parser.add_argument("--port", type=int, default=int(port) if port else None, help="port of the stack (PORT; free)")
    forge = os.environ.get("FORGE", "") not in ("", "0")
    parser.add_argument(
        "--forge", action="store_true", default=forge, help="through pull requests of a forge (FORGE=1)"
    )
    asked = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        return run(asked, console)
    except (StackFailed, DeploymentFailed, RepositoryFailed, Refused, httpx.HTTPError) as failure:
        console.print(f"The demo stopped: {failure}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted; the stack is down.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
