"""Deliveries to those who want to hear: signed, numbered, and delivered again on demand, byte for byte."""

import base64
import hashlib
import hmac
import http.client
import json
import queue
import threading
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.support.forge import events
from tests.support.forge.world import Happening, World

SECONDS = 10


@dataclass(kw_only=True)
class Hook:
    """Somebody who listens: `provider` is github or gitlab, `project` a path or None for all.

    `signing_token` is GitLab's newer way (`webhook-signature`), beside its plain `X-Gitlab-Token`.
    """

    url: str
    secret: str
    provider: str = "github"
    project: str | None = None
    signing_token: str = ""
    key: str = field(default_factory=lambda: str(uuid.uuid4()))  # noqa: TID251 a name on the wire, as the providers make it


@dataclass(kw_only=True)
class Delivery:
    """One message to one listener, and how it went: `status` of the last answer, or `error`."""

    key: str
    url: str
    event: str
    headers: dict[str, str]
    body: str
    status: int | None = None
    error: str | None = None
    times: int = 0


class Webhooks:
    """Delivers what happens, one after the other, from a thread of its own."""

    def __init__(self, world: World) -> None:
        """Listen to this world."""
        self.world = world
        self.hooks: list[Hook] = []
        self.deliveries: list[Delivery] = []
        self._waiting: queue.Queue[Delivery | None] = queue.Queue()
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()
        world.listeners.append(self.announce)

    def announce(self, happening: Happening) -> None:
        """Put a message for each listener that wants it into the queue."""
        for hook in self.hooks:
            if hook.project in {None, happening.project.path}:
                for event, payload in events.messages(self.world, hook.provider, happening):
                    self.send(hook, event, payload)

    def send(self, hook: Hook, event: str, payload: dict[str, Any]) -> Delivery:
        """Put one message for one listener into the queue."""
        body = json.dumps(payload)
        headers = self._headers(hook, event, body)
        key = headers.get("X-GitHub-Delivery") or headers["webhook-id"]
        delivery = Delivery(key=key, url=hook.url, event=event, headers=headers, body=body)
        self.deliveries.append(delivery)
        self._waiting.put(delivery)
        return delivery

    def again(self, key: str) -> Delivery:
        """Deliver once more what was delivered, with the same number and signature. Raises `KeyError`."""
        delivery = {delivery.key: delivery for delivery in self.deliveries}[key]
        self._waiting.put(delivery)
        return delivery

    def settle(self) -> None:
        """Wait until everything in the queue was tried."""
        self._waiting.join()

    def close(self) -> None:
        """End the thread."""
        self._waiting.put(None)
        self._worker.join(SECONDS)

    def as_json(self) -> list[dict[str, Any]]:
        """All deliveries as plain values."""
        return [asdict(delivery) for delivery in self.deliveries]

    def _headers(self, hook: Hook, event: str, body: str) -> dict[str, str]:
        if hook.provider == "github":
            return github_headers(hook, event, body)
        headers = self._gitlab_headers(hook, event)
        if hook.signing_token:
            signed = standard_signature(hook.signing_token, headers["webhook-id"], headers["webhook-timestamp"], body)
            headers["webhook-signature"] = signed
        return headers

    def _gitlab_headers(self, hook: Hook, event: str) -> dict[str, str]:
        """https://docs.gitlab.com/user/project/integrations/webhooks/#delivery-headers, as of GitLab 19.0.

        A message is known by `webhook-id` (the old `Idempotency-Key`); `X-Gitlab-Event-UUID` may be that of several.
        """
        number = str(uuid.uuid4())  # noqa: TID251 as above
        return {
            "Content-Type": "application/json",
            "User-Agent": "GitLab/19.0.0",
            "X-Gitlab-Instance": self.world.gitlab_web,
            "X-Gitlab-Event": event,
            "X-Gitlab-Token": hook.secret,
            "X-Gitlab-Webhook-UUID": hook.key,
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),  # noqa: TID251 as above
            "Idempotency-Key": number,
            "webhook-id": number,
            "webhook-timestamp": str(int(self.world.now())),
        }

    def _work(self) -> None:
        while (delivery := self._waiting.get()) is not None:
            try:
                delivery.status, delivery.error = _post(delivery), None
            except (OSError, http.client.HTTPException) as error:
                delivery.status, delivery.error = None, repr(error)
            delivery.times += 1
            self._waiting.task_done()


def github_headers(hook: Hook, event: str, body: str) -> dict[str, str]:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Hook-ID": str(int(hook.key[:8], 16)),
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": str(uuid.uuid4()),  # noqa: TID251 as above
        "X-Hub-Signature-256": signature(hook.secret, body),
    }


def signature(secret: str, body: str) -> str:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""
    return "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def standard_signature(token: str, number: str, stamp: str, body: str) -> str:
    """https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944, after the Standard Webhooks specification."""
    key = base64.b64decode(token.removeprefix("whsec_")) if token.startswith("whsec_") else token.encode()
    digest = hmac.new(key, f"{number}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _post(delivery: Delivery) -> int:
    target = urlsplit(delivery.url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=SECONDS)
    try:
        path = f"{target.path or '/'}{f'?{target.query}' if target.query else ''}"
        connection.request("POST", path, delivery.body.encode(), delivery.headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
