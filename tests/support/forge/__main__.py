"""`python -m tests.support.forge --port 4800 --repo acme/widgets=/path/to/repository` until it is ended."""

import argparse
import contextlib
import signal
import threading
from pathlib import Path

from infra.local.demo_repository import git
from tests.support.forge.server import Forge


def main(arguments: list[str] | None = None) -> int:
    """Serve a forge on 127.0.0.1 until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.forge", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    parser.add_argument("--repo", action="append", default=[], help="OWNER/NAME, or OWNER/NAME=PATH to copy one")
    parser.add_argument("--token", action="append", default=[], help="a token of the user `bot` that may do all")
    parser.add_argument("--place", type=Path, help="where the repositories are kept; a folder of its own unless given")
    parser.add_argument("--github-web", help="what stands before links to pull requests; its own address unless given")
    asked = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Forge(asked.place, port=asked.port, github_web=asked.github_web) as forge:
        for repository in asked.repo:
            path, _, source = repository.partition("=")
            head = git("symbolic-ref", "--short", "HEAD", folder=Path(source)) if source else "main"
            forge.steer.add_project(path, default_branch=head, source=source or None)
        for token in asked.token:
            forge.steer.add_token(value=token)
        print(forge.url, flush=True)  # noqa: T201 whoever started it reads where it listens
        with contextlib.suppress(KeyboardInterrupt):
            ended.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
