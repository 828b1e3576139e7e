"""What is changed for a session that runs: commands `model` and `config`, and their like at the control server."""

from pydantic import AliasChoices, Field

from gastown.container.payloads import Payload


class ModelPayload(Payload):
    """Other models for a running session; the control server's callers write `smallModel`."""

    model: str | None = Field(default=None, min_length=1)
    small_model: str | None = Field(default=None, validation_alias=AliasChoices("small_model", "smallModel"))


class InstructionsPayload(Payload):
    """What people want the mayor to keep in mind; the control server's callers write `systemPrompt`."""

    instructions: str | None = Field(default=None, validation_alias=AliasChoices("instructions", "systemPrompt"))
