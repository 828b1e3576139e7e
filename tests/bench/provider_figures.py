"""How often a provider is asked about a request that only waits."""

from collections.abc import Iterator

from gastown.domain.pull import Provider
from tests.bench.budget import Budget
from tests.bench.quiet_hour import wait_an_hour

LOOKS = {False: 60, True: 6}
"""Bounds of an hour: a look a minute (REQ-5.13); one in ten minutes while webhooks come in (design section 5)."""


def asking() -> Iterator[Budget]:
    """One quiet hour at each provider, with and without webhooks."""
    for provider in Provider:
        for webhooks, bound in LOOKS.items():
            hour = wait_an_hour(provider, webhooks=webhooks)
            name = f"looks in a quiet hour, {provider}, {'with' if webhooks else 'without'} webhooks"
            cost = f", {hour.quota} of them counted against its quota" if provider is Provider.GITHUB else ""
            note = f"{hour.requests} requests{cost}; {hour.ticks} ticks"
            yield Budget(name=name, bound=bound, measured=hour.looks, unit="", note=note)
