"""Everything that can be refused, as one tree.

    GastownError
    ├── NotFound          no such thing, or not yours to see
    ├── Conflict          the thing's state does not allow it
    │   └── StaleDispatch a report of an older dispatch or generation
    ├── Invalid           the request itself is wrong; names the field
    ├── Forbidden         known caller, not allowed
    ├── Unauthorized      unknown caller
    └── Unavailable       try again later; says when

Only `api/errors.py` knows which HTTP status each one becomes.
"""


class GastownError(Exception):
    """The root of every refusal; its text is for the person or agent who asked."""


class NotFound(GastownError):
    """There is no such thing in this town."""


class Conflict(GastownError):
    """The thing exists, but its state does not allow this."""


class StaleDispatch(Conflict):
    """The report belongs to an older dispatch or generation and changes nothing."""


class Invalid(GastownError):
    """The request is wrong whatever the state of the town."""

    def __init__(self, message: str, *, field: str) -> None:
        """Keep the name of the offending field beside the message."""
        super().__init__(message)
        self.field = field


class Forbidden(GastownError):
    """The caller is known and may not do this."""


class Unauthorized(GastownError):
    """The caller did not prove who they are."""


class Unavailable(GastownError):
    """Something outside did not answer; the same request may succeed later."""

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        """Say after how many seconds trying again makes sense."""
        super().__init__(message)
        self.retry_after = retry_after
