"""What machines do: CI reports on commits, webhooks deliver, things go wrong, time passes, the journal remembers."""

from typing import Any

from tests.support.forge.faults import Fault
from tests.support.forge.hands import Facts, Hands, locked
from tests.support.forge.requests import CheckRun, CommitStatus, Pipeline, Project
from tests.support.forge.webhooks import Hook


class Machines(Hands):
    """The moves of machines. CI speaks of the commit `sha`, or of the head of request `number`."""

    def _sha(self, project: Project, number: int | None, sha: str | None) -> str:
        return sha or project.head_sha(project.requests[int(number or 0)])

    @locked
    def set_check(self, project: str, name: str, conclusion: str | None = "success", **more: Any) -> None:
        """Report a check run: `conclusion` null is still running (`status`). `count` makes many, `sha` or `number`."""
        found = self._project(project)
        sha = self._sha(found, more.get("number"), more.get("sha"))
        status = "completed" if conclusion else more.get("status", "in_progress")
        count = int(more.get("count", 1))
        for name_ in [name] if count == 1 else [f"{name} {number}" for number in range(1, count + 1)]:
            found.checks[:] = [run for run in found.checks if (run.sha, run.name) != (sha, name_)]
            found.checks.append(CheckRun(name=name_, sha=sha, status=status, conclusion=conclusion))
        action = "completed" if conclusion else "created"
        self._tell("check", action, found, "ci[bot]", subject=found.checks[-1])

    @locked
    def set_status(self, project: str, context: str, state: str = "success", **more: Any) -> None:
        """Report a commit status; `sha` or `number`."""
        found = self._project(project)
        sha = self._sha(found, more.get("number"), more.get("sha"))
        status = CommitStatus(context=context, sha=sha, state=state, at=self._world.stamp())
        found.statuses.append(status)
        self._tell("status", state, found, "ci[bot]", subject=status)

    @locked
    def set_pipeline(self, project: str, status: str = "success", **more: Any) -> Facts:
        """Report a pipeline in its newest state; `sha` or `number`, `ref`."""
        found = self._project(project)
        sha = self._sha(found, more.get("number"), more.get("sha"))
        pipeline = Pipeline(sha=sha, ref=more.get("ref", "feature"), status=status, at=self._world.stamp())
        found.pipelines.append(pipeline)
        self._tell("pipeline", status, found, "ci[bot]", subject=pipeline)
        return {"id": pipeline.number, "sha": sha}

    @locked
    def arm(self, **fault: Any) -> None:
        """Arm a fault, by the names of `faults.Fault`."""
        self._world.faults.arm(Fault(**fault))

    @locked
    def disarm(self) -> None:
        """Disarm all faults."""
        self._world.faults.armed.clear()

    @locked
    def advance(self, seconds: float) -> str:
        """Move the forge's clock on; its time then."""
        self._world.ahead += float(seconds)
        return self._world.stamp()

    @locked
    def set_quota(self, limit: int) -> None:
        """How many requests a token has an hour."""
        self._world.quota_limit = int(limit)

    @locked
    def journal(self) -> list[Facts]:
        """Every request so far."""
        return self._world.journal.as_json()

    @locked
    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self._world.journal.clear()

    @locked
    def add_hook(self, url: str, secret: str, **more: Any) -> str:
        """Deliver to this address from now on; `more` may be provider, project, signing_token. The hook's key."""
        hook = Hook(url=url, secret=secret, **more)
        self._webhooks.hooks.append(hook)
        return hook.key

    def deliveries(self) -> list[Facts]:
        """Every delivery, after those under way are done."""
        self._webhooks.settle()
        return self._webhooks.as_json()

    @locked
    def redeliver(self, key: str) -> None:
        """Deliver once more, byte for byte."""
        self._webhooks.again(key)
