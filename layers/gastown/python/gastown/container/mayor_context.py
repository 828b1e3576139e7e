"""What the town says of its mayor before the mayor is wanted: all that its server is made ready with."""

from enum import Enum

from pydantic import Field

from gastown.container.payloads import MayorStart, ModelAccess, Payload


class Absent(Enum):
    """Said nothing, which is not the same as said "none" (REQ-N.3)."""

    ABSENT = "absent"


class MayorContext(Payload):
    """The answer of `mayor-id`; an older town says only the id, and a newer one more than is read here (REQ-N.1)."""

    agent_id: str | None = Field(default=None, validation_alias="agentId")
    organization_id: str | Absent | None = Field(default=Absent.ABSENT, validation_alias="organizationId")
    start: MayorStart | None = None
    access: ModelAccess | None = None
    env: dict[str, str] = Field(default_factory=dict, repr=False)

    def lacks(self) -> str:
        """Why nothing can be warmed up; empty if all is there. Nothing is guessed: a wrong server is replaced later."""
        if self.agent_id is None:
            return "there is no mayor"
        if self.start is None or self.organization_id is Absent.ABSENT:
            return "an older town does not say what a start would say"
        needed = {"token": self.access and self.access.token, "model": self.start.model}
        missing = [name for name, value in (needed | {"small model": self.start.small_model}).items() if not value]
        return f"there is no {missing[0]}" if missing else ""
