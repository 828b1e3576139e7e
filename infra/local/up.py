"""`python -m infra.local.up`: puts the local stack up on PORT and leaves it running."""

import os
import sys

from infra.local.deployment import DeploymentFailed
from infra.local.stack import DEFAULT_PORT, StackFailed, down, up


def main() -> int:
    """Put the stack up, print where it is; on any failure end what was started and return 1."""
    port = int(os.environ.get("PORT") or DEFAULT_PORT)
    try:
        stack = up(port)
    except (StackFailed, DeploymentFailed) as error:
        down(port)
        print(f"The local stack did not come up: {error}", file=sys.stderr)
        return 1
    except BaseException:
        down(port)
        raise
    print(f"The local stack is up.\n  api   {stack.api}\n  user  {stack.user_id}\n  token in .local/{port}/stack.json")
    print(f"  logs  .local/{port}/\nEnd it with `make down{'' if port == DEFAULT_PORT else f' PORT={port}'}`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
