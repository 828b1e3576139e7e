"""`python -m infra.local.down`: ends the local stack on PORT with all its processes."""

import os
import sys

from infra.local.stack import DEFAULT_PORT, down


def main() -> int:
    """End the stack and say so; it is no failure if none was running."""
    port = int(os.environ.get("PORT") or DEFAULT_PORT)
    print(f"The local stack on port {port} is down." if down(port) else f"No local stack on port {port}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
