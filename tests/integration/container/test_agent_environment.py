"""What an agent's process gets, and what nobody else gets to see."""

import json
from pathlib import Path

from tests.integration.container.door import FIRST_TOKEN, GIT_PASSWORD, SECOND_TOKEN, Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import run_container, run_fresh_container


def test_credentials_stay_where_they_belong(door: Door, bare: Bare, tmp_path: Path) -> None:
    """No token and no password is in a log, a report or a git configuration, even if an agent prints its own."""
    door.git = {"username": "x-access-token", "password": GIT_PASSWORD}
    door.env = {"MODEL_KEY": "model-key-of-the-test"}
    rig = bare.rig.model_dump() | {"git_url": f"file://{bare.path}"}
    door.want(bare.start("toast", 1, rig=rig))
    command = "/bin/sh -c 'echo $GASTOWN_BROKER_PASS; echo $MODEL_KEY; exit 3'"
    with run_container(door, tmp_path / "workspace", command=command) as running:
        completed = door.call_of("/agents/toast/completed")
        running.end()

    assert completed["reason"] == "exit code 3: ***\n***"
    configured = [p for p in (tmp_path / "workspace").rglob("config") if p.is_file()]
    container_log = running.log.read_text()
    agents_logs = [path.read_text() for path in (tmp_path / "workspace" / "logs").iterdir()]
    assert "***" in "".join(agents_logs)
    for secret in (GIT_PASSWORD, FIRST_TOKEN, SECOND_TOKEN, "token-of-toast", "model-key-of-the-test", "boot-code"):
        assert secret not in json.dumps(completed)
        assert secret not in container_log
        assert all(secret not in log for log in agents_logs)
        assert all(secret not in path.read_text() for path in configured)
    assert configured


def test_no_agent_sees_the_containers_own_environment(door: Door, bare: Bare, tmp_path: Path) -> None:
    """An agent gets its own variables, and neither the boot code nor the container's token."""
    door.env = {"GASTOWN_AGENT_ID": "somebody-else", "PATH": "/evil", "WISHED": "yes"}
    door.want(bare.start("toast", 1))
    command = f"/bin/sh -c 'env > {tmp_path}/seen'"
    with run_fresh_container(door, tmp_path / "workspace", command=command):
        door.call_of("/agents/toast/completed")

    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines() if "=" in line)
    assert (seen["GASTOWN_AGENT_ID"], seen["GASTOWN_BRANCH"], seen["WISHED"]) == ("toast", "gt/toast/1", "yes")
    assert seen["PATH"].startswith(str(tmp_path / "workspace" / "bin"))
    assert "GASTOWN_BOOT_CODE" not in seen
    assert FIRST_TOKEN not in seen.values()
