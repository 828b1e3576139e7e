"""What every pair of hands at a forge needs: the world, and a lock around each move."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from tests.support.forge.requests import Project
from tests.support.forge.webhooks import Webhooks
from tests.support.forge.world import Happening, World

Facts = dict[str, Any]
Move = TypeVar("Move", bound=Callable[..., Any])
PERSON = "person"


def locked(move: Move) -> Move:
    """Make a move while nobody else changes the world."""

    @functools.wraps(move)
    def moved(self: "Hands", *args: Any, **kwargs: Any) -> Any:
        with self._world.lock:
            return move(self, *args, **kwargs)

    return cast("Move", moved)


class Hands:
    """Arguments and results of moves are plain JSON values; a project is named by its path, a request by its number."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        """Act on this world."""
        self._world, self._webhooks = world, webhooks

    def _project(self, path: str) -> Project:
        return self._world.projects[path.lower()]

    def _tell(self, topic: str, action: str, project: Project, login: str, **more: Any) -> None:
        self._world.tell(Happening(topic=topic, action=action, project=project, login=login, **more))
