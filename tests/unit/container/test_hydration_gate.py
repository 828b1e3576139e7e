"""The gate: open before any hydration, closed while one runs, and never shut for good."""

import asyncio

import pytest

from gastown.container.hydration_gate import GATE_LIMIT, HydrationGate, NotHydratedError
from gastown.container.payloads import Cause

CALLERS_LIMIT = 60.0
"""Seconds after which the reference's callers give up (requirements, numbers)."""


def test_the_gate_is_open_before_any_hydration() -> None:
    """Whoever never hydrates never waits (REQ-1.1)."""
    asyncio.run(HydrationGate(limit=0).wait())


def test_the_gate_closes_at_once_and_opens_when_the_run_ends() -> None:
    """No turn of the loop lies between the beginning and the closed gate (REQ-1.2)."""

    async def run() -> None:
        gate = HydrationGate()
        end = gate.close()
        waiter = asyncio.ensure_future(gate.wait())
        await asyncio.wait({waiter}, timeout=0)
        assert (False, False) == (gate.is_open, waiter.done())

        end()
        await waiter
        assert gate.is_open

    asyncio.run(run())


@pytest.mark.parametrize("first", [0, 1])
def test_overlapping_runs_strand_nobody(first: int) -> None:
    """Whichever ends first, who waits goes on when both have ended, and not before (REQ-1.7, 7.2)."""

    async def run() -> None:
        gate = HydrationGate()
        ends = [gate.close()]
        early = asyncio.ensure_future(gate.wait())
        await asyncio.wait({early}, timeout=0)
        ends.append(gate.close())
        late = asyncio.ensure_future(gate.wait())

        ends.pop(first)()
        await asyncio.wait({early, late}, timeout=0)
        assert not early.done()
        assert not late.done()
        ends.pop()()
        await asyncio.gather(early, late)

    asyncio.run(run())


def test_who_waits_too_long_hears_a_refusal_that_costs_nothing() -> None:
    """It is infrastructure and says when to come back, before the caller itself gives up (REQ-R.2b)."""

    async def run() -> NotHydratedError:
        gate = HydrationGate(limit=0)
        gate.close()
        with pytest.raises(NotHydratedError) as refused:
            await gate.wait()
        return refused.value

    refused = asyncio.run(run())

    assert Cause.INFRASTRUCTURE is refused.cause
    assert refused.retry_after > 0
    assert (45.0, True) == (GATE_LIMIT, GATE_LIMIT < CALLERS_LIMIT)
