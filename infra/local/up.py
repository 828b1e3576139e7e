"""`python -m infra.local.up`: puts the local stack up on PORT and leaves it running."""

import os
import sys

from infra.local.agent_program import agent_environment
from infra.local.deployment import DeploymentFailed
from infra.local.stack import DEFAULT_PORT, StackFailed, exit_on_signal, up


def main() -> int:
    """Put the stack up and print where it is; 1 if it did not come up, and then nothing is left running."""
    port = int(os.environ.get("PORT") or DEFAULT_PORT)
    try:
        with exit_on_signal():
            environment = agent_environment()
            stack = up(port, environment=environment)
    except (StackFailed, DeploymentFailed) as error:
        print(f"The local stack did not come up: {error}", file=sys.stderr)
        return 1
    print(f"The local stack is up.\n  api   {stack.api}\n  user  {stack.user_id}\n  token {stack.user_token}")
    print(f"  agent {environment['GASTOWN_AGENT_COMMAND']}\n  all of it in .local/stack.json, for scripts")
    print(f"  logs  .local/{port}/\nEnd it with `make down{'' if port == DEFAULT_PORT else f' PORT={port}'}`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
