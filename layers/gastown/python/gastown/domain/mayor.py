"""The mayor: the one agent that talks to people. It has no hook; it has a session, turn by turn.

idle ─started─▶ working ─turn over─▶ waiting ─message─▶ working        session ended ─▶ idle
"""

from dataclasses import dataclass, field
from datetime import datetime

from gastown.domain.agent import AgentStatus, RunEnd
from gastown.domain.ids import AgentId
from gastown.domain.onlooking import Look


@dataclass(kw_only=True)
class Session:
    """One session of the mayor, numbered like the runs of other agents."""

    dispatch: int
    generation: int
    asked_at: datetime
    accepted_at: datetime | None = None
    turn_over_at: datetime | None = None
    """When the last turn that was reported over had ended, by the container's clock."""
    ended: RunEnd | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended it yet."""
        return self.ended is None


@dataclass(kw_only=True)
class Mayor:
    """A town's mayor; `working_since` is when its present turn began: callbacks of an older turn say nothing."""

    id: AgentId
    identity: str
    created_at: datetime
    name: str = "mayor"
    status: AgentStatus = AgentStatus.IDLE
    is_wanted: bool = False
    """Whether somebody asked for it to be there although nothing was said yet."""
    dispatch: int = 0
    session: Session | None = None
    working_since: datetime | None = None
    not_before: datetime | None = None
    attempts: int = 0
    """Starts in a row that came to nothing; each waits longer, and after five a person is told."""
    last_activity_at: datetime | None = None
    status_message: str | None = None
    status_updated_at: datetime | None = None
    context: str | None = None
    """What the person looks at, as the dashboard last said; at most 3,000 bytes."""
    looks: list[Look] = field(default_factory=list)
    """The last pages that the person looked at, this one included; at most five."""
    instructions: str | None = None
    model: str | None = None
    small_model: str | None = None
    """Models and instructions of the live session, to notice when the settings name others."""
    viewed_until: datetime | None = None
    """How long a person may be watching its session; later nobody is looked for."""

    @property
    def open_session(self) -> Session | None:
        """The session under way, if there is one."""
        return self.session if self.session is not None and self.session.is_open else None
