"""The control server inside a running container."""

import json
import signal
import urllib.request
from pathlib import Path
from typing import Any

from tests.integration.container.door import Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import SLEEPER, run_container


def test_the_control_server_answers_as_the_reference_does(door: Door, bare: Bare, tmp_path: Path) -> None:
    """Health, 201 for a start, 200 and 404 for stop and status, 400 and 202 for a merge."""
    with run_container(door, tmp_path / "workspace", command=SLEEPER) as running:
        door.await_(lambda: door.beats)
        port, key = _port(running.log), (running.workspace / "control-key").read_text()
        start = {"dispatch": 1, "payload": bare.start("toast", 1)["payload"]}
        answers = [
            _ask(port, key, "GET", "/health"),
            _ask(port, key, "POST", "/agents/start", start),
            _ask(port, key, "GET", "/agents/toast/status"),
            _ask(port, key, "POST", "/agents/toast/message", {"prompt": "hello"}),
            _ask(port, key, "POST", "/agents/toast/stop", {}),
            _ask(port, key, "POST", "/agents/nobody/stop", {}),
            _ask(port, key, "POST", "/git/merge", {}),
            _ask(port, key, "POST", "/repos/setup", {"rig": bare.rig.model_dump()}),
            _ask(port, key, "GET", "/nothing"),
        ]
        running.end(signal.SIGINT)

    assert [status for status, _ in answers] == [200, 201, 200, 500, 200, 404, 400, 202, 404]
    assert answers[2][1]["status"] == "running"
    assert "token" not in json.dumps(answers[1][1]).lower()


def _port(log: Path) -> int:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return int(next(line["port"] for line in lines if line["msg"] == "control.served"))


def _ask(port: int, key: str, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, method=method)
    request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 our own server
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
