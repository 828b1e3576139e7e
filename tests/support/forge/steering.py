"""All moves at a forge in one place: `forge.steer.push(…)` in a test, `POST /_forge/push` over HTTP."""

from tests.support.forge.keepers import Keepers
from tests.support.forge.machines import Machines
from tests.support.forge.people import People


class Steering(People, Machines, Keepers):
    """What people, machines and administrators do."""
