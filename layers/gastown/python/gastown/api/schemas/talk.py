"""What people and agents send to say something: nudges, mail, words to the mayor."""

from typing import Annotated

from pydantic import Field, StringConstraints

from gastown.api.schemas.agents import Words
from gastown.api.schemas.body import Body
from gastown.domain.limits import MAX_TITLE
from gastown.domain.nudge import NudgeMode, NudgePriority

DAY = 86_400


class NudgeBody(Body):
    """A nudge for one agent; `ttl_seconds` none means a day."""

    target_agent_id: Words
    message: Words
    mode: NudgeMode = NudgeMode.WAIT_IDLE
    priority: NudgePriority = NudgePriority.NORMAL
    ttl_seconds: Annotated[int, Field(ge=1, le=30 * DAY)] | None = None


class NudgeTakenBody(Body):
    """A nudge that its agent has read."""

    nudge_id: Words


class MailBody(Body):
    """A letter; `from_agent_id` is checked against the token and otherwise not needed."""

    to_agent_id: Words
    subject: Annotated[Words, Field(max_length=MAX_TITLE)]
    body: Words
    from_agent_id: str | None = None


class MailTakenBody(Body):
    """Letters that their agent has read."""

    mail_ids: Annotated[list[Words], Field(min_length=1, max_length=100)]


class MayorMessageBody(Body):
    """A person's words; `uiContext` is what they look at."""

    message: Words
    uiContext: Annotated[str, Field(max_length=10_000)] | None = None  # noqa: N815 - the reference's name


class ContextBody(Body):
    """What the person looks at now."""

    context: Annotated[str, StringConstraints(max_length=10_000)]


class WaitingBody(Body):
    """A turn of the mayor is over; `firedAt` in milliseconds since 1970, anything else is as if it were absent."""

    dispatch: Annotated[int, Field(ge=1)]
    firedAt: float | None = None  # noqa: N815 - the reference's name
