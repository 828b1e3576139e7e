"""Deliveries as the providers make them: signed, numbered, repeatable."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.forge.scene import Scene

SECRET = "a-shared-secret"


class Ear(http.server.ThreadingHTTPServer):
    """Listens and keeps what it hears: headers by lower-case name, and the body."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on any port."""
        self.heard: list[tuple[dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), _Listener)

    @property
    def url(self) -> str:
        """Where to deliver."""
        return f"http://127.0.0.1:{self.server_address[1]}/webhooks"

    def events(self, header: str) -> list[str]:
        """The names of the events, in order."""
        return [headers[header] for headers, _ in self.heard]

    def last(self) -> dict[str, Any]:
        """The newest payload."""
        payload: dict[str, Any] = json.loads(self.heard[-1][1])
        return payload


class _Listener(http.server.BaseHTTPRequestHandler):
    server: Ear

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the standard library's own name
        """Say nothing."""


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Somebody who listens."""
    with Ear() as ear:
        thread = threading.Thread(target=ear.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield ear
        ear.shutdown()


def test_github_signs_each_delivery_and_numbers_it(scene: Scene, ear: Ear) -> None:
    """The signature is over the very bytes of the body."""
    scene.forge.steer.add_hook(ear.url, SECRET)
    scene.forge.steer.push(scene.path, "feature", {"more.txt": "more\n"})
    deliveries = scene.forge.steer.deliveries()
    headers, body = ear.heard[-1]

    assert ["push", "pull_request"] == ear.events("x-github-event")
    assert ["synchronize", 1] == [ear.last()["action"], ear.last()["pull_request"]["number"]]
    assert f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}" == headers["x-hub-signature-256"]
    assert 2 == len({delivery["key"] for delivery in deliveries})
    assert [202, 202] == [delivery["status"] for delivery in deliveries]


def test_every_move_of_a_person_is_told_to_github_listeners(scene: Scene, ear: Ear) -> None:
    """Threads, reviews, checks, statuses and the merge, in the order in which they happened."""
    steer = scene.forge.steer
    steer.add_hook(ear.url, SECRET, project=scene.path)
    steer.add_thread(scene.path, 1)
    steer.comment(scene.path, 1, "nice")
    steer.resolve(scene.path, 1)
    steer.review(scene.path, 1, "CHANGES_REQUESTED")
    steer.set_check(scene.path, "ci", "failure", number=1)
    steer.set_status(scene.path, "lint", "success", number=1)
    steer.merge(scene.path, 1)
    steer.deliveries()
    actions = [json.loads(body).get("action") for _, body in ear.heard]

    assert [
        ("pull_request_review_comment", "created"),
        ("issue_comment", "created"),
        ("pull_request_review_thread", "resolved"),
        ("pull_request_review", "submitted"),
        ("check_run", "completed"),
        ("status", None),
        ("pull_request", "closed"),
        ("push", None),
    ] == list(zip(ear.events("x-github-event"), actions, strict=True))
    assert json.loads(ear.heard[6][1])["pull_request"]["merged"]
    assert "changes_requested" == json.loads(ear.heard[3][1])["review"]["state"]
    assert [1] == [pull["number"] for pull in json.loads(ear.heard[4][1])["check_run"]["pull_requests"]]


def test_gitlab_sends_its_token_and_an_event_number(scene: Scene, ear: Ear) -> None:
    """Merge requests, notes and pipelines have their own hooks."""
    steer = scene.forge.steer
    steer.add_hook(ear.url, SECRET, provider="gitlab")
    steer.add_thread(scene.path, 1)
    steer.resolve(scene.path, 1)
    steer.review(scene.path, 1)
    steer.set_pipeline(scene.path, "failed", number=1)
    steer.merge(scene.path, 1)
    steer.deliveries()

    assert [
        "Note Hook",
        "Merge Request Hook",
        "Merge Request Hook",
        "Pipeline Hook",
        "Merge Request Hook",
        "Push Hook",
    ] == (ear.events("x-gitlab-event"))
    assert {SECRET} == set(ear.events("x-gitlab-token"))
    assert 6 == len(set(ear.events("webhook-id")))
    assert ["update", "approved"] == [json.loads(ear.heard[n][1])["object_attributes"]["action"] for n in (1, 2)]
    assert "merge" == json.loads(ear.heard[4][1])["object_attributes"]["action"]
    assert scene.path == json.loads(ear.heard[3][1])["project"]["path_with_namespace"]


def test_gitlab_can_sign_as_the_standard_webhooks_do(scene: Scene, ear: Ear) -> None:
    """Over number, time and body, with a key that is told once."""
    key = base64.b64encode(b"a key of some length").decode()
    scene.forge.steer.add_hook(ear.url, SECRET, provider="gitlab", signing_token=f"whsec_{key}")
    scene.forge.steer.review(scene.path, 1)
    scene.forge.steer.deliveries()
    headers, body = ear.heard[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"a key of some length", signed, hashlib.sha256).digest()

    assert f"v1,{base64.b64encode(digest).decode()}" == headers["webhook-signature"]
    assert headers["webhook-id"] == headers["idempotency-key"]


def test_a_delivery_can_be_repeated_byte_for_byte(scene: Scene, ear: Ear) -> None:
    """As a replay, or as the provider's own *redeliver*."""
    scene.forge.steer.add_hook(ear.url, SECRET)
    scene.forge.steer.review(scene.path, 1)
    [delivery] = scene.forge.steer.deliveries()
    scene.forge.steer.redeliver(delivery["key"])
    [again] = scene.forge.steer.deliveries()

    assert 2 == again["times"]
    assert ear.heard[0] == ear.heard[1]


def test_a_listener_that_is_gone_does_no_harm(scene: Scene, ear: Ear) -> None:
    """The error stands in the delivery."""
    scene.forge.steer.add_hook("http://127.0.0.1:9/webhooks", SECRET)
    scene.forge.steer.review(scene.path, 1)
    [delivery] = scene.forge.steer.deliveries()

    assert delivery["status"] is None
    assert "refused" in delivery["error"]
