"""Whatever happens outside, a town keeps its invariants, and when the faults stop every convoy ends."""

import os
from datetime import timedelta

import pytest

from tests.simulation.world import START, TOWN, World

SEEDS = int(os.environ.get("SEEDS") or "200")
FROM = int(os.environ.get("FROM") or "0")


def run(seed: int, trouble: float) -> World:
    """Run one world: trouble for an hour of its time, then peace until nothing is left to happen."""
    world = World(seed, trouble=trouble)
    world.sling(1 + world.random.randint(0, 5))
    try:
        for _ in range(20_000):
            if world.time - START > timedelta(hours=1):
                world.trouble = 0.0
            town = world.uow.read(TOWN)
            if not world.step() or (not town.convoys and world.trouble == 0.0):
                break
            if world.time - START > timedelta(days=3):
                break
    except AssertionError as broken:
        raise AssertionError("\n".join([f"seed {seed}", *world.history[-60:], str(broken)])) from broken
    return world


@pytest.mark.parametrize("seed", range(FROM, FROM + SEEDS))
def test_every_convoy_ends_or_waits_for_a_person(seed: int) -> None:
    """After the faults stop, a convoy has landed or a named escalation says what a person has to decide."""
    world = run(seed, trouble=0.3 if seed % 3 else 0.0)
    town = world.uow.read(TOWN)

    told = {escalation.cause for escalation in town.escalations.values()}
    assert not town.convoys or told, "\n".join([f"seed {seed}", *world.history[-80:]])


def test_a_convoy_lands_without_faults_and_without_waste() -> None:
    """In peace every seed's convoy lands, and nothing is left in the working set."""
    world = run(3, trouble=0.0)
    town = world.uow.read(TOWN)

    assert (town.convoys, town.beads, town.reviews, town.escalations, town.stubs) == ({}, {}, {}, {}, {})
