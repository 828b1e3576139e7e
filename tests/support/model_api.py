"""A stand-in for a model's HTTP API: streaming chat completions that play scripted moves, tool calls among them.

The model's name in a request says which script plays, so every role has its own. A script is asked with the whole
conversation at each request and keeps no state: a request that is repeated is answered with the same move. Requests
without tools are for a title and get a text. As a proxy it refuses every other host, and remembers which were wanted.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TITLE = "A title"


@dataclass(frozen=True)
class Say:
    """A text that ends the turn."""

    text: str


@dataclass(frozen=True)
class Use:
    """A call of one tool."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Refuse:
    """An HTTP error instead of an answer."""

    status: int
    message: str = "scripted"


Move = Say | Use | Refuse


@dataclass(frozen=True)
class Talk:
    """What a script sees: the system's words, what was said by the user, what tools gave back since, all the tools."""

    system: str
    said: Sequence[str]
    results: Sequence[str]
    tools: Sequence[str]


Script = Callable[[Talk], Move]


def bash(command: str) -> Use:
    """A call of the program's own shell."""
    return Use("bash", {"command": command, "description": "work"})


def moves(*steps: Move | Callable[[Talk], Move]) -> Script:
    """A script that makes these moves, one after each tool's result; the last one is repeated."""

    def play(talk: Talk) -> Move:
        step = steps[min(len(talk.results), len(steps) - 1)]
        return step(talk) if callable(step) else step

    return play


@dataclass
class ModelApi:
    """The scripts by model name, every request that came, and the hosts that were wanted of the proxy."""

    scripts: dict[str, Script] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    origin: str = ""
    lock: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """Where the models answer."""
        return f"{self.origin}/v1"

    def talks(self, model: str) -> list[Talk]:
        """What was asked of this model, without the requests for a title."""
        with self.lock:
            asked = [request for request in self.requests if request["model"] == model and request.get("tools")]
        return [read_talk(request) for request in asked]

    def await_talks(self, model: str, number: int, *, seconds: float = 60) -> list[Talk]:
        """Wait until this model was asked so often; fails the test otherwise."""
        with self.lock:
            if not self.lock.wait_for(lambda: len(self.talks(model)) >= number, seconds):
                raise AssertionError(f"{model} was asked {len(self.talks(model))} times only")
        return self.talks(model)

    def answer(self, request: dict[str, Any], token: str) -> Move:
        """The move for one request."""
        with self.lock:
            self.requests.append(request)
            self.tokens.append(token)
            self.lock.notify_all()
        if not request.get("tools"):
            return Say(TITLE)
        script = self.scripts.get(request["model"])
        return script(read_talk(request)) if script else Refuse(404, f"no such model: {request['model']}")


def read_talk(request: Mapping[str, Any]) -> Talk:
    """The conversation of a request."""
    messages = request["messages"]
    said = [index for index, message in enumerate(messages) if message["role"] == "user"]
    since = messages[said[-1] :] if said else []
    return Talk(
        system="\n".join(_text(message) for message in messages if message["role"] == "system"),
        said=[_text(messages[index]) for index in said],
        results=[_text(message) for message in since if message["role"] == "tool"],
        tools=[tool["function"]["name"] for tool in request.get("tools", [])],
    )


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def chunks(model: str, move: Say | Use, number: int) -> Iterator[dict[str, Any]]:
    """The move as the chunks of a stream."""
    known = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 0, "model": model}
    if isinstance(move, Say):
        delta: dict[str, Any] = {"role": "assistant", "content": move.text}
    else:
        function = {"name": move.tool, "arguments": json.dumps(move.arguments)}
        call = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
        delta = {"role": "assistant", "tool_calls": [call]}
    yield {**known, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    reason = "stop" if isinstance(move, Say) else "tool_calls"
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    yield {**known, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage}


@contextmanager
def open_model_api(scripts: Mapping[str, Script] | None = None) -> Iterator[ModelApi]:
    """Serve the scripts on a free port of 127.0.0.1."""
    api = ModelApi(scripts=dict(scripts or {}))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = json.loads(self.rfile.read(length))
            move = api.answer(request, (self.headers.get("Authorization") or "").removeprefix("Bearer "))
            if isinstance(move, Refuse):
                self._send(move.status, "application/json", json.dumps({"error": {"message": move.message}}).encode())
                return
            number = len(api.requests)
            lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks(request["model"], move, number)]
            self._send(200, "text/event-stream", "".join([*lines, "data: [DONE]\n\n"]).encode())

        def do_CONNECT(self) -> None:
            api.elsewhere.append(self.path)
            self.send_error(403)

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Keep test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
