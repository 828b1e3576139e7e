"""An agent's HOME."""

import json
from pathlib import Path

from gastown.container.agent_home import PLUGIN_PACKAGE, make_home


def test_a_program_finds_its_plugins_package_installed(tmp_path: Path) -> None:
    """`opencode` installs what its lock file does not name, unless there is a folder of modules."""
    home = make_home(tmp_path / "agents" / "toast", None)

    configuration = home / ".config" / "opencode"
    locked = json.loads((configuration / "package-lock.json").read_text())
    assert PLUGIN_PACKAGE in locked["packages"][""]["dependencies"]
    assert (configuration / "node_modules").is_dir()
    assert 0o700 == home.stat().st_mode & 0o777


def test_nothing_is_written_into_a_home_that_an_agent_has_had(tmp_path: Path) -> None:
    """The container has more rights than its agents: a link in a HOME would lead it anywhere."""
    home = make_home(tmp_path / "toast", None)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (home / ".config").rename(tmp_path / "before")
    (home / ".config").symlink_to(elsewhere)

    make_home(home, None)

    assert [] == list(elsewhere.iterdir())
