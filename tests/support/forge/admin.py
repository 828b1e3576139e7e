"""The admin door: every move of `Steering` over HTTP, `POST /_forge/<move>` with its arguments as a JSON object.

`GET /_forge` lists the moves. It asks for no token and is not written into the journal.
"""

import inspect

from tests.support.forge.exchange import Answer, Request
from tests.support.forge.repository import GitFailed
from tests.support.forge.requests import CannotMerge
from tests.support.forge.steering import Steering

DOOR = "/_forge"


def moves(steer: Steering) -> dict[str, str]:
    """The moves by name, each with its arguments."""
    found = inspect.getmembers(steer, inspect.ismethod)
    return {name: str(inspect.signature(move)) for name, move in found if not name.startswith("_")}


def answer(steer: Steering, request: Request) -> Answer:
    """Make one move: 200 with what it returns, 404 for an unknown one, 400 with the reason when it cannot be made."""
    name = request.path.removeprefix(DOOR).strip("/")
    known = moves(steer)
    if not name:
        return Answer(content={"moves": known})
    if name not in known:
        return Answer(status=404, content={"error": f"no such move: {name}", "moves": sorted(known)})
    try:
        result = getattr(steer, name)(**(request.query | request.json()))
    except (TypeError, LookupError, ValueError, GitFailed, CannotMerge) as error:
        return Answer(status=400, content={"error": f"{name}: {error!r}", "arguments": known[name]})
    return Answer(content={"result": result})
