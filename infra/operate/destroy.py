"""`python -m infra.operate.destroy`: removes what STACK made at run time and CloudFormation does not know of.

It shows what it found and asks for the stack's name (YES=1 answers), stops at running containers (FORCE=1 stops them),
and may be run again after an interruption. What the template made stays: `sam delete` removes that.
"""

import os
import sys
from collections.abc import Callable, Mapping

from infra.operate.aws import AwsError, code_of, whereabouts
from infra.operate.remains import STACK_NAME, Remains, Removal, find

SHOWN = 10
"""So many names of a kind are printed; the rest is counted."""


def main(environment: Mapping[str, str] = os.environ, ask: Callable[[str], str] = input) -> int:
    """Find, show, ask, remove; 0 if nothing is left, 1 if something is, 2 without a stack's name."""
    stack = environment.get("STACK", "")
    if not STACK_NAME.fullmatch(stack):
        print("Name the stack: make destroy STACK=name", file=sys.stderr)
        return 2
    try:
        return _destroy(stack, environment, ask)
    except AwsError as error:
        print(f"AWS did not go along ({code_of(error)}): {error}", file=sys.stderr)
        return 1


def _destroy(stack: str, environment: Mapping[str, str], ask: Callable[[str], str]) -> int:
    where = "account {}, region {}".format(*whereabouts())
    remains = find(stack)
    if remains.is_empty():
        print(f"Nothing is left of {stack} in {where}.{_next(remains)}")
        return 0
    show(remains, where)
    if remains.tasks and environment.get("FORCE") != "1":
        print("Containers are running: delete or drain their towns first, or stop them with FORCE=1.")
        return 1
    if environment.get("YES") != "1" and not confirmed(stack, ask):
        print("Nothing was removed.")
        return 1
    failures = Removal(remains=remains, say=print).run()
    for failure in failures:
        print(f"not removed: {failure}", file=sys.stderr)
    print("Run it again when what stands in the way is gone." if failures else f"Removed.{_next(remains)}")
    return 1 if failures else 0


def show(remains: Remains, where: str) -> None:
    """Print what would be removed, in the order of removal."""
    print(f"In {where}, {remains.stack} left behind:")
    _list("running containers", remains.tasks)
    if remains.has_directory:
        fate = "is emptied and may then be deleted with the stack" if remains.stands else "is deleted"
        print(f"  directory: {remains.directory} (rows: {remains.rows}), which {fate}")
    _list("schedules", remains.schedules)
    _list("towns' secrets", remains.secrets)
    _list("towns' tables", remains.tables)
    if remains.snapshots:
        print(f"  session snapshots: {remains.snapshots} in {remains.bucket}, which is emptied")
    if remains.stands:
        print("The stack itself still stands: every town in it ends with this.")


def confirmed(stack: str, ask: Callable[[str], str]) -> bool:
    """Whether a person typed the stack's name; nobody there means no."""
    try:
        return ask(f"This cannot be undone. Type {stack} to remove all of it: ").strip() == stack
    except EOFError:
        print()
        return False


def _list(kind: str, names: tuple[str, ...]) -> None:
    if names:
        print(f"  {kind}: {len(names)}")
    for name in names[:SHOWN]:
        print(f"    {name}")
    if len(names) > SHOWN:
        print(f"    and {len(names) - SHOWN} more")


def _next(remains: Remains) -> str:
    return f" Now: sam delete --stack-name {remains.stack}" if remains.stands else ""


if __name__ == "__main__":
    sys.exit(main())
