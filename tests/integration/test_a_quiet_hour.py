"""What an hour in which a request only waits asks of its provider."""

import pytest

from gastown.domain.pull import Provider
from tests.bench.quiet_hour import QuietHour, wait_an_hour


@pytest.mark.parametrize(
    ("provider", "webhooks", "hour"),
    [
        (Provider.GITHUB, False, QuietHour(looks=60, requests=240, quota=63, ticks=120)),
        (Provider.GITHUB, True, QuietHour(looks=6, requests=24, quota=9, ticks=12)),
        (Provider.GITLAB, False, QuietHour(looks=60, requests=300, quota=0, ticks=120)),
        (Provider.GITLAB, True, QuietHour(looks=6, requests=30, quota=0, ticks=12)),
    ],
)
def test_a_request_that_waits_is_looked_at_once_a_minute_and_seldom_with_webhooks(
    provider: Provider, *, webhooks: bool, hour: QuietHour
) -> None:
    """REQ-5.13; on GitHub only the first look's three answers, and one GraphQL point a look, cost quota."""
    assert hour == wait_an_hour(provider, webhooks=webhooks)
