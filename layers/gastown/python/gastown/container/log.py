"""The container's log: one JSON object per line on standard error, masked on its way out."""

import json
import logging
import sys

from gastown.container.masking import mask

logger = logging.getLogger("gastown.container")


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; the fields given as `extra={"fields": {...}}` stand beside the message."""

    def __init__(self, **always: object) -> None:
        """Keep the fields that every line carries, such as the town and the generation."""
        super().__init__()
        self._always = always

    def format(self, record: logging.LogRecord) -> str:
        """One masked line."""
        fields = getattr(record, "fields", {})
        body = {"level": record.levelname.lower(), "ts": self.formatTime(record), "msg": record.getMessage()}
        if record.exc_info:
            body["error"] = self.formatException(record.exc_info)
        return mask(json.dumps(body | self._always | fields, default=str))


def open_log(**always: object) -> None:
    """Send the container's records to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(**always))
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)


def say(message: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log one event with its fields."""
    logger.log(level, message, extra={"fields": fields})
