"""The container's log: one JSON object per line on standard error, masked on its way out.

Every line carries the town and the generation; what is said while something is done for a rig or an agent carries
that too, whoever says it (`about`). Lines of libraries, warnings and uncaught errors have the same form.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType

from gastown.container.masking import mask

logger = logging.getLogger("gastown.container")
_about: ContextVar[Mapping[str, object]] = ContextVar("about", default=MappingProxyType({}))


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; the fields given as `extra={"fields": {...}}` stand beside the message."""

    def __init__(self, **always: object) -> None:
        """Keep the fields that every line carries, such as the town and the generation."""
        super().__init__()
        self._always = always

    def format(self, record: logging.LogRecord) -> str:
        """One masked line."""
        fields = getattr(record, "fields", {})
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = {"level": record.levelname.lower(), "ts": at, "msg": record.getMessage()}
        if record.name != logger.name:
            body["logger"] = record.name
        if record.exc_info:
            body["error"] = self.formatException(record.exc_info)
        return mask(json.dumps(body | self._always | dict(_about.get()) | fields, default=str))


def open_log(**always: object) -> None:
    """Send every record of the process to standard error; of libraries only warnings and worse."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(**always))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    logger.setLevel(logging.INFO)
    sys.excepthook = _log_uncaught


def say(message: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log one event with its fields."""
    logger.log(level, message, extra={"fields": fields})


@contextlib.contextmanager
def about(**fields: object) -> Iterator[None]:
    """What is logged inside, and by tasks that begin inside, is about this rig or agent."""
    token = _about.set(dict(_about.get()) | fields)
    try:
        yield
    finally:
        _about.reset(token)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger.error("container.uncaught_exception", exc_info=(kind, error, trace))
