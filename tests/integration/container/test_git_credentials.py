"""Git credentials against a real HTTP remote: used for one child, asked for again once, and bound to their host."""

import asyncio
import base64
import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from gastown.container.git import GitError, Remote
from gastown.container.payloads import GitCredentials
from gastown.container.places import Places
from gastown.container.repositories import Repositories
from tests.integration.container.remote import Bare, git

GOOD = GitCredentials(username="x-access-token", password=SecretStr("the-good-password"))
BAD = GitCredentials(username="x-access-token", password=SecretStr("the-old-password"))


class Remotes:
    """Serves a bare repository over plain HTTP to whoever shows the right password."""

    def __init__(self) -> None:
        """Nobody came yet."""
        self.shown: list[str | None] = []
        self.url = ""


@contextmanager
def serve(bare: Bare) -> Iterator[Remotes]:
    """A password-protected read-only remote."""
    git("update-server-info", at=bare.path)
    remotes = Remotes()
    right = "Basic " + base64.b64encode(b"x-access-token:the-good-password").decode()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:  # the name http.server asks for
            shown = self.headers.get("Authorization")
            remotes.shown.append(shown)
            if shown == right:
                super().do_GET()
                return
            self.send_response(HTTPStatus.UNAUTHORIZED)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(bare.path)))
    server.daemon_threads = True
    remotes.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield remotes
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def refresh(repositories: Repositories, bare: Bare, url: str, given: list[GitCredentials | None]) -> Remote:
    """Bring the mirror up to date with these credentials, one after another."""

    async def provide(_failed: GitCredentials | None) -> GitCredentials | None:
        return given.pop(0)

    rig = bare.rig.model_copy(update={"git_url": url})
    return asyncio.run(repositories.refresh(rig, provide))


@pytest.fixture
def repositories(tmp_path: Path) -> Repositories:
    """The repositories of an empty workspace."""
    return Repositories(places=Places(workspace=tmp_path / "workspace"), account=None)


def test_old_credentials_are_replaced_once(repositories: Repositories, bare: Bare, tmp_path: Path) -> None:
    """A refused password leads to one more question and one more try; nothing of either stays on disk."""
    given: list[GitCredentials | None] = [BAD, GOOD]
    with serve(bare) as remotes:
        refresh(repositories, bare, remotes.url, given)

    assert given == []
    files = [path for path in (tmp_path / "workspace").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert b"-password" not in path.read_bytes()


def test_credentials_that_stay_wrong_fail_without_being_told(repositories: Repositories, bare: Bare) -> None:
    """The error says what happened and not with which password."""
    with serve(bare) as remotes, pytest.raises(GitError) as caught:
        refresh(repositories, bare, remotes.url, [BAD, BAD])

    assert caught.value.is_auth
    assert "the-old-password" not in str(caught.value)


def test_credentials_are_not_carried_to_another_host(repositories: Repositories, bare: Bare) -> None:
    """A configuration that rewrites the URL sends git elsewhere, but not with the password."""
    with serve(bare) as remotes:
        config = repositories.places.workspace / "gitconfig"
        with config.open("a") as file:
            file.write(f'[url "{remotes.url}"]\n\tinsteadOf = http://git.example.test/\n')
        with pytest.raises(GitError):
            refresh(repositories, bare, "http://git.example.test/", [GOOD, GOOD])

        assert set(remotes.shown) == {None}


def test_an_empty_repository_gets_its_first_commit(repositories: Repositories, tmp_path: Path) -> None:
    """Setting up a rig over an empty repository makes the default branch."""
    path = tmp_path / "empty.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(path), at=tmp_path)
    empty = Bare(path=path, clone=tmp_path)

    refresh(repositories, empty, str(path), [None])

    assert git("log", "--format=%an %s", "main", at=path) == "Gastown Begin"
