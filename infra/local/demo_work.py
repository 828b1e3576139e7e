"""The work of the demo: four tasks in a diamond and the gate that judges them.

    A ─▶ B ─▶ D          B's first try fails the gate, so that the refinery asks for changes;
     └─▶ C ─┘            the rework mends it.

Every part is a file of its own in one new folder, so that the demo works on any repository.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Part:
    """One task: the file that it leaves, the parts before it, and whether its first try is wrong."""

    name: str
    title: str
    file: str
    after: tuple[int, ...] = ()
    fails_first: bool = False


PARTS = (
    Part(name="A", title="Lay the foundation", file="a-foundation.txt"),
    Part(name="B", title="Raise the east wall", file="b-east-wall.txt", after=(0,), fails_first=True),
    Part(name="C", title="Raise the west wall", file="c-west-wall.txt", after=(0,)),
    Part(name="D", title="Set the roof", file="d-roof.txt", after=(1, 2)),
)


def folder_name(mark: str) -> str:
    """The folder that all parts lie in."""
    return f"gastown-demo-{mark}"


def gate(folder: str) -> str:
    """A shell command: every part's first line begins with `ok`."""
    return f'for f in {folder}/*.txt; do head -n 1 "$f" | grep -q "^ok" || {{ echo "$f is not ok"; exit 1; }}; done'


def body(part: Part, folder: str) -> str:
    """What the demo agent carries out for this part; its docstring describes the form."""
    path = f"{folder}/{part.file}"
    good = f"write {path}\n  ok {part.title.lower()}\n  part {part.name} of the demo\nwait 1"
    if not part.fails_first:
        return f"```demo\n{good}\n```\n"
    wrong = f"first-time write {path}\n  crooked {part.title.lower()}\nwait 1"
    return f"```demo\n{wrong}\non-rework:\n{good}\n```\n"


def order(rig_id: str, folder: str, merge_mode: str = "review-then-land") -> dict[str, Any]:
    """The convoy as the API takes it."""
    tasks = [{"title": part.title, "body": body(part, folder), "depends_on": list(part.after)} for part in PARTS]
    return {"rig_id": rig_id, "convoy_title": "Build a house", "tasks": tasks, "merge_mode": merge_mode}
