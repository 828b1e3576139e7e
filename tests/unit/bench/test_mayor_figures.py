"""The moments that the bench reads in a container's log are those that the container writes."""

import logging
from datetime import UTC, datetime

from gastown.container.log import JsonLines
from tests.bench.mayor_figures import first_moments

NOON = datetime(2026, 11, 28, 12, 0, 0, 500_000, tzinfo=UTC)


def line(town_id: str, message: str, at: datetime) -> str:
    """What a town's container writes at a moment."""
    record = logging.LogRecord("gastown.container", logging.INFO, "", 0, message, (), None)
    record.created = at.timestamp()
    return JsonLines(town_id=town_id).format(record)


def test_the_first_moment_of_each_event_of_one_town_is_read() -> None:
    """Later ones, other towns' and lines of no container are left out."""
    later = NOON.replace(minute=1)
    log = [
        "a line of something else",
        line("other", "container.registered", NOON.replace(hour=1)),
        line("town", "container.registered", NOON),
        line("town", "container.registered", later),
        line("town", "session.opened", later),
    ]

    assert first_moments(log, "town") == {"container.registered": NOON, "session.opened": later}
