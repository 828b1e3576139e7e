"""One agent's run inside a fake container: it works for a while and says how that ended, well or badly."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from gastown.domain.bead import TRIAGE
from gastown.domain.errors import GastownError
from gastown.domain.escalation import Severity
from gastown.domain.ids import AgentId, RigId, TownId
from gastown.domain.resolving import Answer
from gastown.domain.triage import TriageAction
from gastown.usecases import agents, reports, triage
from gastown.usecases.tokens import LIFETIME, AgentClaims

if TYPE_CHECKING:
    from tests.simulation.container import FakeContainer


def _none(_: object) -> dict[str, object]:
    return {}


class Session:
    """A polecat, a refinery or the mayor at work."""

    def __init__(self, container: "FakeContainer", command: dict[str, Any]) -> None:
        """Begin to work; when it is over follows from luck."""
        self.container, self.world = container, container.world
        self.agent_id, self.dispatch = str(command["agent_id"]), int(command["dispatch"])
        payload = command["payload"]
        self.role, self.rig_id = str(payload["agent"]["role"]), str(command["rig_id"] or "")
        self.review = payload.get("review")
        self.labels: list[str] = []
        self.hangs_since: datetime | None = None
        self.branch = str(payload.get("branch") or "branch")
        luck, world = self.world.luck, self.world
        self.has_token = not luck.strikes("agent token expired")
        silent = luck.strikes("agent silent")
        self.silent_until = world.time + timedelta(seconds=luck.between("silent", 40, 400) if silent else 0)
        if self.role == "mayor":
            self.hear()
            return
        self.labels = list(payload["bead"]["labels"])
        self.hangs_since = world.now() if luck.strikes("agent hangs") else None
        slow = luck.strikes("agent slow")
        time = luck.between("slow work", 300, 1800) if slow else luck.between("work", 5, 120)
        time = luck.between("hang", 20_000, 40_000) if self.hangs_since else time
        world.after(time, f"{self.name} has worked", self.finish)
        if luck.stream("checkpoint").random() < 0.2:
            world.after(time / 2, f"{self.name} saves a checkpoint", self.checkpoint)
        if luck.strikes("agent calls for help"):
            world.after(time / 3, f"{self.name} calls for help", self.call)

    @property
    def name(self) -> str:
        """What histories call it."""
        return f"{self.role} {self.agent_id[-4:]}/{self.dispatch}"

    @property
    def is_silent(self) -> bool:
        """Whether heartbeats leave it out."""
        return self.world.time < self.silent_until

    def activity(self) -> dict[str, object]:
        """What a heartbeat says of it: when it last did something."""
        return {"last_event_at": (self.hangs_since or self.world.now()).isoformat(), "active_tools": []}

    @property
    def is_here(self) -> bool:
        """Whether its process lives."""
        return self.container.alive and self.container.sessions.get(self.agent_id) is self

    def claims(self) -> AgentClaims:
        """What its token proves."""
        return AgentClaims(
            town_id=TownId(self.world.town_id), rig_id=RigId(self.rig_id), agent_id=AgentId(self.agent_id),
            role=self.role, dispatch=self.dispatch, expires_at=self.world.now() + LIFETIME,
        )  # fmt: skip

    def say(self, what: str, call: Callable[[], object]) -> None:
        """Call the town as this agent; stale calls must change nothing."""
        if self.has_token:
            whom = (self.agent_id, self.dispatch)
            self.container.send(f"{self.name} {what}", lambda: self.world.watch.as_agent(whom, what, call), tries=3)

    def checkpoint(self) -> None:
        """Save something for whoever comes after."""
        if self.is_here:
            key = f"checkpoint-{self.dispatch}"
            self.say("checkpoint", lambda: reports.write_checkpoint(self.world.uow, self.claims(), {"at": 1}, key))

    def call(self) -> None:
        """Call for help."""
        if self.is_here:
            severity = self.world.luck.stream("severity").choice(list(Severity))
            alarm = agents.Alarm(title="Help", body="Help me", priority=severity.value)
            key = f"help-{self.dispatch}"
            self.say(
                "calls for help", lambda: agents.escalate(self.world.uow, self.claims(), alarm, key=key, stored=_none)
            )

    # the mayor
    def hear(self) -> None:
        """The mayor is told something: a turn begins, and ends when it has answered."""
        began = self.world.now()
        if self.role == "mayor":
            self.world.after(self.world.luck.between("turn", 2, 60), "mayor has answered", self._answered)
            self.world.tell(f"mayor hears at {began:%H:%M:%S}")

    def _answered(self) -> None:
        if not self.is_here:
            return
        if self.world.luck.strikes("agent dies"):
            self.container.ended(self, "failed", "it crashed")
        else:
            self.container.turn_over(self, self.world.now())

    # polecats and refineries
    def finish(self) -> None:
        """The work is over: say so, and end."""
        if not self.is_here:
            return
        luck = self.world.luck
        if luck.strikes("agent vanishes"):
            del self.container.sessions[self.agent_id]
            return
        doomed = self.role == "refinery" and self.world.is_fated(str(self.review["id"]), "no verdict")
        if doomed or luck.strikes("agent dies"):
            self.container.ended(self, "failed", "it crashed")
            return
        if luck.strikes("agent lets go"):
            self.say("lets go", lambda: agents.unhook_bead(self.world.uow, self.claims(), f"unhook-{self.dispatch}"))
        elif self.role == "refinery":
            self._judge()
        else:
            self._deliver()
        self.world.after(luck.between("exit", 1.6, 3), f"{self.name} exits", self._exit)

    def _exit(self) -> None:
        """It has waited for the town's answer, and ends."""
        if self.is_here:
            self.container.ended(self, "completed", None)

    def _deliver(self) -> None:
        if TRIAGE in self.labels:
            self._answer_triage()
        if self.world.luck.strikes("agent closes its bead"):
            self.say("closes its bead", self._close)
            return
        self._done(self.world.git.push(self.branch), "done")
        if self.world.luck.strikes("agent says done twice"):
            self._done(self.world.git.push(self.branch), "done again")

    def _answer_triage(self) -> None:
        """Answer what is open, one way or another; sometimes not all of it."""
        town, choice = self.world.watch.stored(), self.world.luck.stream("triage")
        for request_id in list(town.triage)[:3] if town else []:
            answer = Answer(action=choice.choice(list(TriageAction)), by="", notes="so be it")
            self.say(f"triage {answer.action}", partial(self._resolve, request_id, answer))

    def _resolve(self, request_id: str, answer: Answer) -> object:
        uow = self.world.uow
        return triage.resolve_as_agent(uow, self.claims(), request_id, answer, key=request_id, stored=_none)

    def _close(self) -> object:
        agent = self.world.uow.read(self.world.town_id).agent(self.agent_id)
        if agent.hook is None:
            raise GastownError("it has no bead")
        return agents.close_bead(self.world.uow, self.claims(), agent.hook)

    def _judge(self) -> None:
        luck, sha = self.world.luck, str(self.review["sha"])
        if self.world.is_fated(str(self.review["id"]), "never satisfied") or luck.strikes("changes wanted"):
            key = f"changes-{self.dispatch}"
            self.say(
                "wants changes",
                lambda: reports.change_requested(self.world.uow, self.claims(), "please", [], key),
            )
            if luck.strikes("done after changes"):
                self._done(sha, "done after changes")
            return
        self._done(self.world.git.push(self.branch) if luck.strikes("wrong approval") else sha, "done")

    def _done(self, sha: str, what: str) -> None:
        self.world.watch.said(self.agent_id, self.dispatch, sha)
        done = reports.DoneReport(branch=self.branch, head_sha=sha)
        self.say(what, lambda: reports.report_done(self.world.uow, self.claims(), done))
