"""What stories share: a town with a rig, somebody who waits for it, and its clock. All of it over HTTP."""

import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from infra.local.demo import open_api
from infra.local.demo_api import TownApi
from infra.local.demo_repository import Repository, copy_bare, git
from infra.local.deployment import STACK_NAME, aws_session, client_settings
from infra.local.stack import Stack, folder_of

PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.5


def new_repository(folder: Path) -> Repository:
    """A bare repository with one commit on `main`."""
    work = folder / "work"
    git("init", "--quiet", "--initial-branch", "main", str(work))
    (work / "README.md").write_text("A place to work in.\n")
    git("add", "--all", folder=work)
    git("-c", "user.name=A Person", "-c", "user.email=person@localhost", "commit", "-qm", "Begin", folder=work)
    return copy_bare(str(work), folder / "repository.git")


@dataclass(frozen=True, kw_only=True)
class Story:
    """One town on the stack, with one rig."""

    stack: Stack
    api: TownApi
    town_id: str
    rig_id: str
    repository: Repository

    @classmethod
    def begin(cls, stack: Stack, repository: Repository) -> "Story":
        """Make the town and its rig."""
        api = open_api(stack)
        town_id = api.create_town("story")
        rig_id = api.create_rig(town_id, "story", str(repository.path), repository.default_branch)
        return cls(stack=stack, api=api, town_id=town_id, rig_id=rig_id, repository=repository)

    def end(self) -> None:
        """Delete the town, if the story has not: what goes on living costs all later stories time at each move."""
        self.api.send("DELETE", f"{self.api.people}/towns/{self.town_id}")
        self.api.client.close()

    @property
    def rig(self) -> str:
        """The prefix of the rig's routes."""
        return f"/api/towns/{self.town_id}/rigs/{self.rig_id}"

    def debug(self, method: str, path: str, body: object = None) -> Any:
        """The raw answer of an operators' route of this town."""
        answer = self.api.send(method, f"/debug/towns/{self.town_id}{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def sling(self, title: str, body: str) -> str:
        """Sling one bead; its id."""
        return str(self.api.call("POST", f"{self.rig}/sling", {"title": title, "body": body})["bead"]["bead_id"])

    def bead(self, bead_id: str) -> dict[str, Any]:
        """One bead of any type."""
        return self.api.bead(self.town_id, self.rig_id, bead_id)

    def is_at_work(self) -> bool:
        """Whether an agent of the rig has said what it does: then its repository is cloned, and nothing pushed yet."""
        return any(agent["agent_status_message"] for agent in self.api.agents(self.town_id, self.rig_id))

    def convoy_state(self, convoy_id: str) -> str:
        """How a convoy stands."""
        return str(self.api.convoy(self.town_id, convoy_id)["state"])

    def wait_for_convoy(self, convoy_id: str, *, seconds: float = PATIENCE_SECONDS) -> str:
        """The state in which a convoy ends, or the one in which patience ran out."""
        wait_until(lambda: self.convoy_state(convoy_id) in ("landed", "failed", "closed"), seconds)
        return self.convoy_state(convoy_id)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The town's history of one type, oldest first."""
        return [event for event in self.api.events(self.town_id) if event["event_type"] == kind]

    def receipts(self) -> list[dict[str, Any]]:
        """The receipts of all reviews so far, in the order of their making; not merged ones have none."""
        reviews = [event["metadata"]["review_id"] for event in self.events("review_submitted")]
        return [self.bead(review)["metadata"]["receipt"] for review in reviews]

    def file(self, path: str) -> str:
        """A file as it is on the default branch."""
        return git("show", f"refs/heads/{self.repository.default_branch}:{path}", folder=self.repository.path)

    def aws(self, service: str) -> Any:
        """The operators' side of the stack: a client of one service, with all rights."""
        session: Any = aws_session()
        return session.client(service, endpoint_url=self.stack.endpoint, config=client_settings())

    def container_process(self) -> int:
        """The id of the process that is the town's container now."""
        with closing(self.aws("ecs")) as ecs:
            arns = ecs.list_tasks(cluster=STACK_NAME, desiredStatus="RUNNING")["taskArns"]
            tasks = ecs.describe_tasks(cluster=STACK_NAME, tasks=arns)["tasks"]
        arn = next(task["taskArn"] for task in tasks if task.get("startedBy", "").startswith(self.town_id))
        log = (folder_of(self.stack.port) / "ecs-agent.log").read_text()
        return int(re.findall(rf"started {re.escape(arn)} as process (\d+)", log)[-1])

    def now(self) -> datetime:
        """The stack's own time."""
        return datetime.fromisoformat(self._clock("GET")["now"])

    def move_clock(self, seconds: float) -> None:
        """Move the stack's time forward, all of it."""
        left = seconds
        while left > 0:
            left = self._clock("POST", {"advance_seconds": left})["left_ms"] / 1000

    def _clock(self, method: str, body: object = None) -> dict[str, Any]:
        answer: httpx.Response = self.api.send(method, "/debug/clock", json=body)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Look until something holds; says whether it did in time."""
    deadline = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return held


def writes(path: str, *lines: str, wait: float = 0) -> str:
    """The body of a bead that has the demo agent write a file, after a while."""
    pause = [f"wait {wait}"] if wait else []
    return "\n".join(["```demo", *pause, f"write {path}", *(f"  {line}" for line in lines), "```", ""])


def chain(paths: Sequence[str], *, wait: float = 0) -> list[dict[str, Any]]:
    """Tasks that each write one file, each after the one before."""
    return [
        {"title": f"Write {path}", "body": writes(path, path, wait=wait), "depends_on": [place - 1] if place else []}
        for place, path in enumerate(paths)
    ]


def kill_group(process_id: int) -> None:
    """End a process and all that it started, at once, as a host that dies does."""
    os.killpg(process_id, signal.SIGKILL)
