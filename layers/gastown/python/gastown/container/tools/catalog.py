"""Every tool an agent has, defined once: its name, what it does, its parameters, who may use it, and the call it makes.

`command.py` offers them as `gt <words>`, `mcp_server.py` as MCP tools `gt_<words>`. The server decides what a role may
do; the role sets here only keep tools that would be refused out of sight.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

POLECAT, REFINERY, TRIAGE, MAYOR = "polecat", "refinery", "triage", "mayor"
EVERYBODY = frozenset({POLECAT, REFINERY, TRIAGE})
PRIORITIES = "^(low|medium|high|critical)$"
Action = Literal[
    "RESTART",
    "RESTART_WITH_BACKOFF",
    "CLOSE_BEAD",
    "ESCALATE",
    "ESCALATE_TO_MAYOR",
    "NUDGE",
    "REASSIGN_BEAD",
    "DISCARD",
    "PROVIDE_GUIDANCE",
]


class Params(BaseModel):
    """Parameters of a tool; unknown ones are refused, so a misspelt one is not lost silently.

    A model is made when it is first used.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, defer_build=True)


class Nothing(Params):
    """No parameters."""


class DoneParams(Params):
    """What `done` reports."""

    branch: str = Field(min_length=1, description="The branch you pushed")
    head_sha: str = Field(min_length=7, description="The full sha of its head; a refinery names the sha it approves")
    pr_url: str | None = Field(None, description="The pull request you opened, only if you were told to open one")
    summary: str | None = Field(None, description="What you did, in a few sentences")


class RequestChangesParams(Params):
    """What must change before a refinery approves."""

    feedback: str = Field(min_length=1, description="What fails, the exact output, and what to do about it")
    files: list[str] = Field(default_factory=list, description="The files it is about")


class BeadParams(Params):
    """Which bead."""

    bead_id: str = Field(min_length=1, description="The bead's id")


class EscalateParams(Params):
    """A call for a person."""

    title: str = Field(min_length=1, description="The problem in one line")
    body: str | None = Field(None, description="What you tried and what you need")
    priority: str = Field("medium", pattern=PRIORITIES, description="low, medium, high or critical")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Anything machine-readable")


class MailParams(Params):
    """A letter."""

    to_agent_id: str = Field(min_length=1, description="The recipient's agent id")
    subject: str = Field(min_length=1, max_length=500, description="What it is about")
    body: str = Field(min_length=1, description="The letter")


class MailReadParams(Params):
    """Letters that were read."""

    mail_ids: list[str] = Field(min_length=1, description="Their ids")


class NudgeParams(Params):
    """A short word to one agent."""

    target_agent_id: str = Field(min_length=1, description="The agent's id")
    message: str = Field(min_length=1, description="The word")
    mode: str = Field("wait-idle", pattern="^(wait-idle|immediate|queue)$", description="wait-idle, immediate or queue")


class AdvanceParams(Params):
    """A step that is done."""

    summary: str = Field(min_length=1, max_length=5000, description="What you did in this step")


class TriageParams(Params):
    """What to do about one triage request."""

    triage_request_bead_id: str = Field(min_length=1, description="The request's id, as your task lists it")
    action: Annotated[Action, BeforeValidator(str.upper)] = Field(description="One of the request's options")
    resolution_notes: str = Field("", max_length=2000, description="Why; for NUDGE and PROVIDE_GUIDANCE what to say")


class CheckpointParams(Params):
    """What the next run should know if this one is cut off."""

    data: dict[str, Any] = Field(description="Any JSON object")


class StatusParams(Params):
    """Where you are."""

    message: str = Field(min_length=1, max_length=280, description="One or two plain sentences")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who uses the tools: one run of one agent."""

    town_id: str
    rig_id: str
    agent_id: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """One HTTP call, relative to the agent's rig or the mayor's tools; a call without a body is a read."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    of_mayor: bool = False

    def address(self, who: Identity) -> str:
        """Where it goes, below the town's own address."""
        base = f"mayor/{who.town_id}/tools" if self.of_mayor else f"towns/{who.town_id}/rigs/{who.rig_id}"
        return f"/api/{base}/{self.path}"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool; `words` are its name on the command line."""

    words: tuple[str, ...]
    description: str
    params: type[Params]
    build: Callable[[Identity, dict[str, Any]], Call]
    roles: frozenset[str] = EVERYBODY

    @property
    def name(self) -> str:
        """Its name as an MCP tool."""
        return "gt_" + "_".join(self.words).replace("-", "_")

    def call(self, who: Identity, values: Any) -> Call:
        """The call for these values. Raises `pydantic.ValidationError`."""
        return self.build(who, self.params.model_validate(values).model_dump(exclude_none=True))


def _agent_post(word: str) -> Callable[[Identity, dict[str, Any]], Call]:
    return lambda who, body: Call(method="POST", path=f"agents/{who.agent_id}/{word}", body=body)


def _bead_path(values: dict[str, Any]) -> str:
    """Whatever a model takes for an id stays one segment of the path."""
    return f"beads/{quote(values['bead_id'], safe='')}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        words=("prime",),
        description="Your task and its context: bead, mail, rework feedback, gates.",
        params=Nothing,
        build=lambda who, _: Call(method="GET", path=f"agents/{who.agent_id}/prime"),
    ),
    Tool(
        words=("done",),
        description="Report finished work: a polecat's goes to review, a refinery approves the named sha.",
        params=DoneParams,
        build=_agent_post("done"),
    ),
    Tool(
        words=("request-changes",),
        description="Send the work under review back with feedback, instead of approving it.",
        params=RequestChangesParams,
        build=_agent_post("request-changes"),
        roles=frozenset({REFINERY}),
    ),
    Tool(
        words=("bead", "status"),
        description="Read one bead.",
        params=BeadParams,
        build=lambda _, body: Call(method="GET", path=_bead_path(body)),
    ),
    Tool(
        words=("bead", "close"),
        description="Close one bead.",
        params=BeadParams,
        build=lambda who, body: Call(method="POST", path=f"{_bead_path(body)}/close", body={"agent_id": who.agent_id}),
    ),
    Tool(
        words=("escalate",),
        description="Call for a person when you cannot get on.",
        params=EscalateParams,
        build=lambda _, body: Call(method="POST", path="escalations", body=body),
    ),
    Tool(
        words=("triage", "resolve"),
        description="Answer one triage request; only while a triage batch is your task.",
        params=TriageParams,
        build=lambda _, body: Call(method="POST", path="triage/resolve", body=body),
        roles=frozenset({POLECAT, TRIAGE}),
    ),
    Tool(
        words=("checkpoint",),
        description="Save what the next run should know if this one is cut off.",
        params=CheckpointParams,
        build=_agent_post("checkpoint"),
    ),
    Tool(
        words=("status",),
        description="Say where you are, in one or two plain sentences.",
        params=StatusParams,
        build=_agent_post("status"),
    ),
    Tool(
        words=("mail", "send"),
        description="Write a letter to another agent of your rig, or to the mayor.",
        params=MailParams,
        build=lambda _, body: Call(method="POST", path="mail", body=body),
    ),
    Tool(
        words=("mail", "check"),
        description="Read your open mail; say `mail read` for what you have read.",
        params=Nothing,
        build=lambda who, _: Call(method="GET", path=f"agents/{who.agent_id}/mail"),
        roles=EVERYBODY | {MAYOR},
    ),
    Tool(
        words=("mail", "read"),
        description="Tick off letters that you have read.",
        params=MailReadParams,
        build=_agent_post("mail/read"),
        roles=EVERYBODY | {MAYOR},
    ),
    Tool(
        words=("nudge",),
        description="Say something short to one agent.",
        params=NudgeParams,
        build=lambda _, body: Call(method="POST", path="nudge", body=body),
    ),
    Tool(
        words=("mol", "current"),
        description="The step of your bead's molecule that is to be done now.",
        params=Nothing,
        build=lambda who, _: Call(method="GET", path=f"agents/{who.agent_id}/molecule/current"),
        roles=frozenset({POLECAT}),
    ),
    Tool(
        words=("mol", "advance"),
        description="Report the current step of your bead's molecule as done.",
        params=AdvanceParams,
        build=_agent_post("molecule/advance"),
        roles=frozenset({POLECAT}),
    ),
)
