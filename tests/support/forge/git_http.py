"""Clone and push over HTTP with the same tokens: git's own `http-backend`, as a CGI program.

https://git-scm.com/docs/git-http-backend
"""

import base64
import binascii
import os
import re
import subprocess
from email.parser import BytesHeaderParser

from tests.support.forge.exchange import Answer, Request
from tests.support.forge.repository import ENVIRONMENT
from tests.support.forge.requests import Project
from tests.support.forge.tokens import BadCredentials, Token
from tests.support.forge.world import World

PATH = re.compile(r"/(?P<project>.+?)(?:\.git)?(?P<rest>/(?:info/refs|git-upload-pack|git-receive-pack))")
CHALLENGE = {"WWW-Authenticate": 'Basic realm="forge"', "Content-Type": "text/plain"}
PUSH = "git-receive-pack"


def is_git(request: Request) -> bool:
    """Whether this request comes from a git client."""
    return PATH.fullmatch(request.path) is not None


def credential(request: Request) -> tuple[str, str]:
    """User name and password of a request, both empty when there are none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def authenticate(world: World, request: Request) -> Token:
    """The token of a git client. Raises `BadCredentials`.

    `x-access-token:<token>`: docs.github.com, "Authenticating as a GitHub App installation"; a personal one: any name.
    `oauth2:<token>`: https://docs.gitlab.com/api/oauth2/#access-git-over-https-with-access-token
    """
    name, password = credential(request)
    token = world.credentials.find(password, world.now())
    expected = {"installation": "x-access-token", "oauth": "oauth2"}.get(token.kind, name)
    if not name or name != expected:
        raise BadCredentials(f"{token.kind} tokens belong to the user {expected}")
    return token


def may(token: Token, *, push: bool) -> bool:
    """Whether this token may read, or push to, what it reaches."""
    if token.permissions is not None:
        return token.permits("contents:write" if push else "contents:read")
    return token.has_scope("write_repository" if push else "read_repository")


def answer(world: World, request: Request) -> Answer:
    """Let git answer, and draw conclusions from what was pushed: 401 bad token, 403 may not, 404 no such project."""
    found = PATH.fullmatch(request.path)
    assert found is not None
    try:
        token = authenticate(world, request)
    except BadCredentials:
        return Answer(status=401, content=b"Invalid username or token.\n", headers=CHALLENGE)
    project = world.project(found["project"])
    plain = {"Content-Type": "text/plain"}
    if project is None or not token.reaches(project.path):
        return Answer(status=404, content=b"Repository not found.\n", headers=plain)
    push = PUSH in {found["rest"].lstrip("/"), request.query.get("service")}
    if not may(token, push=push):
        return Answer(status=403, content=b"Write access to repository not granted.\n", headers=plain)
    with world.lock:
        before = project.repository.branches()
        given = run_backend(world, project, request, found["rest"], token)
        if found["rest"] == f"/{PUSH}":
            world.notice_pushes(project, before, token.login)
    return given


def run_backend(world: World, project: Project, request: Request, rest: str, token: Token) -> Answer:
    """The answer of git's own program to this request."""
    environment = ENVIRONMENT | {
        "GIT_PROJECT_ROOT": str(world.place),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": f"/{project.path}.git{rest}",
        "QUERY_STRING": f"service={request.query['service']}" if "service" in request.query else "",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "REMOTE_USER": token.login,
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run(
        ["git", "http-backend"], env=environment, input=request.body, capture_output=True, timeout=60, check=False
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(BytesHeaderParser().parsebytes(head + b"\r\n\r\n").items())
    status = int(headers.pop("Status", "200 OK").split()[0])
    if done.returncode and not done.stdout:
        return Answer(status=500, content=done.stderr[-1000:] or os.fsencode("git failed"))
    return Answer(status=status, content=body, headers=headers)
