"""The folder that the mayor works in: no repository, but what people want it to keep in mind, as a file it reads."""

import os
from dataclasses import dataclass
from pathlib import Path

from gastown.container.payloads import Cause
from gastown.container.places import Places
from gastown.container.processes import Account, give, make_folder
from gastown.container.refusals import RefusedError

FILE = "AGENTS.md"
"""What the agent programs read at each turn, so that a change needs no new session."""


@dataclass(frozen=True, kw_only=True)
class MayorFolder:
    """Makes it, and keeps its instructions."""

    places: Places
    account: Account | None = None

    def prepare(self, instructions: str | None) -> Path:
        """The folder, made before anything changes into it (REQ-1.16), with these instructions.

        Raises `RefusedError` if it leads elsewhere: what is warmed there would never be found again (REQ-N.4).
        """
        folder = self.places.mayor()
        make_folder(folder, self.account)
        if folder.resolve() != self.places.workspace.resolve() / folder.name:
            raise RefusedError(Cause.INFRASTRUCTURE, f"the mayor's folder leads elsewhere: {folder.resolve()}")
        self.instruct(instructions)
        return folder

    def instruct(self, instructions: str | None) -> None:
        """Replace the instructions; the folder is the mayor's own, so no link in it is followed."""
        path = self.places.mayor() / FILE
        if not instructions:
            path.unlink(missing_ok=True)
            return
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
            file.write(f"What the people of this town want you to keep in mind:\n\n{instructions}\n")
        give(fresh, self.account)
        fresh.replace(path)
