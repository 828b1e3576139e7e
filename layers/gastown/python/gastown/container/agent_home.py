"""An agent's HOME: a folder of its own, in which no agent program looks for something to download."""

import json
from pathlib import Path

from gastown.container.processes import Account, make_folder

PLUGIN_PACKAGE = "@opencode-ai/plugin"
"""What plugins of `opencode` are written with. They are switched off (`PURE`), and it would install the package into
each HOME all the same: from npm, at each agent's first start, beside the work."""
INSTALLED = json.dumps({"packages": {"": {"dependencies": {PLUGIN_PACKAGE: "*"}}}})
"""A lock file from which `opencode` reads that nothing is missing."""


def make_home(home: Path, account: Account | None) -> Path:
    """The HOME, which belongs to the account; it is furnished once, before its agent could put links there."""
    if not home.exists():
        configuration = home / ".config" / "opencode"
        (configuration / "node_modules").mkdir(parents=True)
        (configuration / "package-lock.json").write_text(INSTALLED)
        for folder in (configuration / "node_modules", configuration, configuration.parent):
            make_folder(folder, account, mode=0o700)
    return make_folder(home, account, mode=0o700)
