"""What travels between the town and its container: pydantic models of the commands and their answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

WIP_REF = r"^refs/gastown/wip/[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9-]*/[0-9]+$"
"""The ref of one run's unfinished work: bead, agent, dispatch. No branch, so that nobody's CI runs on it."""


class Payload(BaseModel):
    """Unknown keys are ignored, so an older container understands a newer town."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class Author(Payload):
    """Who commits, when the town has set it."""

    name: str
    email: str | None = None


class AgentFacts(Payload):
    """The agent a start is about."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    role: str = Field(min_length=1)
    identity: str = ""


class RigFacts(Payload):
    """A rig: where its repository is."""

    id: str = Field(min_length=1)
    git_url: str = Field(min_length=1)
    default_branch: str = "main"


class BeadFacts(Payload):
    """The bead an agent works on; its body comes with prime."""

    id: str
    title: str = ""
    type: str = "issue"
    labels: list[str] = Field(default_factory=list)


class ReviewFacts(Payload):
    """The review a refinery is started for."""

    id: str
    branch: str
    sha: str
    target_branch: str


class LeftWork(Payload):
    """A run of the same bead that ended without `done`: where its work was saved, and the branch it pushed to."""

    ref: str = Field(pattern=WIP_REF)
    branch: str = Field(min_length=1)
    agent_name: str = ""
    ended: str = ""


class StartPayload(Payload):
    """Everything a start needs besides credentials and the prompt."""

    agent: AgentFacts
    rig: RigFacts
    bead: BeadFacts
    branch: str = Field(min_length=1)
    start_point: str | None = None
    resume: list[LeftWork] = Field(default_factory=list)
    """Newest first; the first of which anything is found is gone on from."""
    save_ref: str | None = Field(default=None, pattern=WIP_REF)
    """Where this run's work is saved; none for a run that has none of its own."""
    base_branch: str = "main"
    target_branch: str = "main"
    gates: list[str] = Field(default_factory=list)
    gate_timeout_s: float = 900
    review: ReviewFacts | None = None
    model: str | None = None
    small_model: str | None = None
    runtime: str = "command"
    instructions: str | None = None
    author: Author | None = None

    @property
    def rig_id(self) -> str:
        """The rig it works in."""
        return self.rig.id


class NamedRig(RigFacts):
    """A rig as the mayor speaks of it."""

    name: str = ""


class MayorStart(Payload):
    """What the mayor is started with: no rig and no bead, but the words that it is to answer."""

    agent: AgentFacts
    rig_id: str = Field(min_length=1)
    """The name that stands for a rig in its calls."""
    words: str = ""
    instructions: str | None = None
    model: str | None = None
    small_model: str | None = None
    runtime: str = "command"
    rigs: list[NamedRig] = Field(default_factory=list)
    branch: str = "gt/mayor"
    save_ref: None = None
    author: Author | None = None


class MergePayload(Payload):
    """One merge attempt of exactly one sha."""

    review_id: str
    attempt: int
    rig: RigFacts
    branch: str = Field(min_length=1)
    sha: str = Field(pattern=r"^[0-9a-f]{7,64}$")
    target_branch: str = Field(min_length=1)
    base_branch: str = "main"
    gates: list[str] = Field(default_factory=list)
    gate_timeout_s: float = 900
    message: str = ""
    author: Author | None = None


class SetupPayload(Payload):
    """Clone this rig ahead of time."""

    rig: RigFacts


class When(StrEnum):
    """When words reach a session."""

    NOW = "now"
    IDLE = "idle"
    """Not before its present turn is over."""


class MessagePayload(Payload):
    """Words for a running agent."""

    prompt: str = Field(min_length=1)
    when: When = When.NOW


class DrainPayload(Payload):
    """Take nothing new; leave at the deadline (ISO time) at the latest."""

    deadline: str | None = None


class CommandKind(StrEnum):
    """What a container can be told."""

    START = "start"
    STOP = "stop"
    MESSAGE = "message"
    MODEL = "model"
    CONFIG = "config"
    MERGE = "merge"
    SETUP = "setup"
    DRAIN = "drain"


class Command(Payload):
    """One command as the town hands it out; `payload` is read by its handler."""

    id: str
    kind: CommandKind
    generation: int | None = None
    rig_id: str | None = None
    agent_id: str | None = None
    dispatch: int | None = None
    payload: dict[str, Any] = Field(default_factory=dict)


class Cause(StrEnum):
    """Why a command was refused."""

    INFRASTRUCTURE = "infrastructure"
    INVALID = "invalid"
    DRAINING = "draining"
    CAPACITY = "capacity"
    STALE = "stale"


class Ack(Payload):
    """The container's answer to a command."""

    outcome: Literal["accepted", "refused"]
    cause: Cause | None = None
    error: str | None = None
    at: datetime | None = None
    """When the command was taken: its answer may come much later."""


ACCEPTED = Ack(outcome="accepted")


class GitCredentials(Payload):
    """A user name and a short-lived token for one git host."""

    username: str
    password: SecretStr
    expires_at: datetime | None = None
    repository: str | None = None
    """Where they may be shown, for who has no rig (the mayor)."""


class ModelAccess(Payload):
    """What a town pays its models with; without `url` the token is one of the Kilo gateway."""

    token: SecretStr | None = None
    url: str | None = None
    organization_id: str | None = None


class AgentCredentials(Payload):
    """What one dispatch of one agent may use."""

    agent_token: SecretStr
    git: GitCredentials | None = None
    tools: dict[str, SecretStr] = Field(default_factory=dict)
    """Variables that sign the provider's own command line in, with the same token."""
    env: dict[str, str] = Field(default_factory=dict)
    model: ModelAccess | None = None

    def with_git(self, git: GitCredentials | None) -> "AgentCredentials":
        """The same with another git token, in the tools too."""
        if git is None or self.git is None or git.password == self.git.password:
            return self
        old, new = self.git.password, git.password
        tools = {name: new if value == old else value for name, value in self.tools.items()}
        return self.model_copy(update={"git": git, "tools": tools})


class Registration(Payload):
    """The container's own token and where its doorbell hangs."""

    token: SecretStr
    live_url: str | None = None


class Beat(Payload):
    """One agent's line in a heartbeat."""

    agent_id: str
    dispatch: int
    activity: dict[str, Any] | None = None
    saved_sha: str | None = None
    """The commit on the remote that holds what it has done so far."""


class StopOrder(Payload):
    """An agent the town no longer knows as running."""

    agent_id: str
    dispatch: int | None = None


class HeartbeatAnswer(Payload):
    """The town's answer to a heartbeat."""

    drain: bool = False
    superseded: bool = False
    stop: list[StopOrder] = Field(default_factory=list)
    commands: list[dict[str, Any]] = Field(default_factory=list)
    """Read one by one, so that a command this container does not know yet spoils none of the others."""
