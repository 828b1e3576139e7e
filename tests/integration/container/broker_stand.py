"""The container's real broker on a socket of its own, for tests that run an agent's tools without a container."""

import asyncio
import queue
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from gastown.container.broker import build_broker, open_socket
from gastown.container.passes import Passes
from gastown.container.payloads import AgentCredentials, GitCredentials, StartPayload
from gastown.container.roster import Record, Roster, SessionStatus
from gastown.container.serving import QuietServer, make_server
from gastown.container.tools.credential_helper import PASS, SOCKET
from gastown.container.town_client import TownClient
from gastown.container.wallet import Wallet
from tests.integration.container.door import TOWN
from tests.support.container_hall import settings_for


class Stand:
    """A broker for one run of one agent; what its town gives may be changed, and is counted."""

    def __init__(self, folder: Path) -> None:
        """The run of `toast` in a rig at https://git.test/acme/repo.git."""
        self.passes, self.roster = Passes(), Roster()
        self.given = AgentCredentials(agent_token=SecretStr("token-of-toast"))
        self.other: GitCredentials | None = None
        self.asked = 0
        self.place = folder / "broker" / "socket"
        self.record = self.play("toast", "https://git.test/acme/repo.git")

    def play(self, agent_id: str, git_url: str, role: str = "polecat") -> Record:
        """A run of this agent in a rig with this repository."""
        agent = {"id": agent_id, "name": agent_id.title(), "role": role}
        facts = {"agent": agent, "rig": {"id": "rig-1", "git_url": git_url}, "bead": {"id": "b"}, "branch": "gt/x"}
        record = Record(start=StartPayload.model_validate(facts), dispatch=1, status=SessionStatus.RUNNING)
        record.wallet = Wallet(fetch=self._fetch, exchange=self._exchange)
        self.roster.add(record)
        return record

    def environment(self, agent_id: str = "toast") -> dict[str, str]:
        """What this agent's process knows of the broker."""
        return {SOCKET: str(self.place), PASS: self.passes.admit(agent_id)}

    async def _fetch(self) -> AgentCredentials:
        self.asked += 1
        return self.given

    async def _exchange(self, failed: GitCredentials) -> GitCredentials | None:
        del failed
        return self.other


@contextmanager
def open_stand(town: str) -> Iterator[Stand]:
    """A broker that answers until the end, and calls the town at this address."""
    folder = Path(tempfile.mkdtemp(prefix="gt-"))
    stand = Stand(folder)
    listener = open_socket(stand.place, None)
    ready: queue.Queue[QuietServer] = queue.Queue()

    async def serve() -> None:
        client = TownClient(settings_for(town, folder, town_id=TOWN))
        server = make_server(build_broker(stand.passes, stand.roster, client, TOWN))
        ready.put(server)
        await server.serve(sockets=[listener])
        await client.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        yield stand
    finally:
        ready.get(timeout=10).should_exit = True
        thread.join(10)
        shutil.rmtree(folder)
