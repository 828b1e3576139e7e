"""Minted tokens in rows of the town's table, encrypted, until they come near their end (source-control facts, 2.1).

The key is derived from the stack's signing secret, so whoever reads the table alone reads nothing. Rows are written
with the newest version of that secret and read with any that is still live; a row that no version opens is no row.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gastown.ports.installation_tokens import AppKind, InstallationToken
from gastown.ports.town_store import Row, TownStore

REMEMBERED = timedelta(minutes=30)
"""How long a token is remembered at most (source-control facts, 2.1)."""

LEAST_LEFT = timedelta(minutes=5)
"""A remembered token with less to live is not given out (source-control facts, 2.1)."""

WORTH_KEEPING = timedelta(minutes=1)
"""A token with less to live is not remembered at all (source-control facts, 2.1)."""

MINTED = "MINTED"
INFO = b"gastown minted tokens 1"
NONCE_BYTES = 12


@dataclass(frozen=True, kw_only=True)
class TokenCache:
    """The remembered tokens of one town; `secrets` are the live versions of the signing secret, newest first."""

    store: TownStore
    town_id: str
    secrets: Sequence[str] = field(repr=False)
    now: datetime

    def find(self, key: str) -> InstallationToken | None:
        """A token that may still be given out."""
        body = self.store.read_row(self.town_id, MINTED, key, consistent=True)
        plain = self._open(key, str(body.get("sealed"))) if body is not None else None
        if plain is None:
            return None
        token = InstallationToken(value=plain["value"], expires_at=datetime.fromisoformat(plain["expires_at"]))
        is_young = self.now < datetime.fromisoformat(plain["minted_at"]) + REMEMBERED
        return token if is_young and token.expires_at - self.now >= LEAST_LEFT else None

    def keep(self, key: str, token: InstallationToken) -> None:
        """Remember a token instead of the one before."""
        if token.expires_at - self.now < WORTH_KEEPING:
            self.forget(key)
            return
        times = {"expires_at": token.expires_at.isoformat(), "minted_at": self.now.isoformat()}
        sealed = self._seal(key, json.dumps({"value": token.value, **times}).encode())
        until = min(token.expires_at, self.now + REMEMBERED)
        row = Row(pk=MINTED, sk=key, body={"sealed": sealed}, expires_at=int(until.timestamp()))
        self.store.put_rows(self.town_id, [row])

    def forget(self, key: str) -> None:
        """Remember nothing under this key."""
        self.store.delete_rows(self.town_id, [(MINTED, key)])

    def _seal(self, key: str, plain: bytes) -> str:
        import os

        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(_derived(self.secrets[0])).encrypt(nonce, plain, self._place(key))
        return base64.b64encode(nonce + sealed).decode()

    def _open(self, key: str, sealed: str) -> dict[str, str] | None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        for secret in self.secrets:
            try:
                raw = base64.b64decode(sealed, validate=True)
                plain = AESGCM(_derived(secret)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], self._place(key))
            except (InvalidTag, ValueError):
                continue
            found: dict[str, str] = json.loads(plain)
            return found
        return None

    def _place(self, key: str) -> bytes:
        """What a sealed token is bound to, so that no row opens in another's place."""
        return f"{self.town_id}/{key}".encode()


def key_of(installation: str, kind: AppKind, repository: str) -> str:
    """The row of one installation's tokens of one kind for one repository."""
    return f"{installation}#{kind.value}#{repository.lower()}"


def _derived(secret: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(secret.encode())
