"""`python -m gastown.container`: reads the environment and lives until the town or a signal ends it."""

import asyncio
import os
import sys

from gastown.container.container_process import ContainerProcess
from gastown.container.log import open_log, say
from gastown.container.settings import SettingsError, read_settings


def main() -> int:
    """Run one container; returns the process's exit code (2 for a wrong environment)."""
    open_log()
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        say("container.misconfigured", error=str(error))
        return 2
    open_log(town_id=settings.town_id, generation=settings.generation)
    return asyncio.run(ContainerProcess(settings).run())


if __name__ == "__main__":
    sys.exit(main())
