"""Why the container does not do what it was told: every refusal has one of the causes the town knows."""

from gastown.container.payloads import Ack, Cause


class RefusedError(Exception):
    """A command that is not carried out."""

    def __init__(self, cause: Cause, message: str) -> None:
        """Keep the cause beside the message."""
        super().__init__(message)
        self.cause = cause

    @property
    def ack(self) -> Ack:
        """The refusal as the town hears it."""
        return Ack(outcome="refused", cause=self.cause, error=str(self)[:1000])
