"""A forge to test against: GitHub's and GitLab's APIs, and git over HTTP, on one server over real bare repositories.

`with Forge() as forge:` in a test; `python -m tests.support.forge` as a program, steered over HTTP at `/_forge/…`.
It is no simulation of all that the providers do: it speaks what we call, as their documents say, and each endpoint
names its document.
"""

from tests.support.forge.server import Forge

__all__ = ["Forge"]
