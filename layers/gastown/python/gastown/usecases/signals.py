"""Signals after a commit: worth sending at once, never worth failing for."""

from collections.abc import Iterator
from contextlib import contextmanager

from gastown.domain.errors import Unavailable
from gastown.metrics import Metric
from gastown.observability import count, logger


@contextmanager
def unsent(signal: str) -> Iterator[None]:
    """Count a signal that could not be sent after its commit; whoever comes next heals it."""
    try:
        yield
    except Unavailable as away:
        logger().warning("signal not sent", extra={"signal": signal, "error": str(away)})
        count(Metric.SIGNALS_UNSENT, kind=signal)
