"""The configuration of an agent program that serves sessions (`kilo`, `opencode`): one pure function for every start.

A warm-up and the start after it call `configure` with the same arguments and get the same text, byte for byte
(REQ-1.13). The programs read it from their environment, after the configuration files of the repository that they work
in: what is set here holds.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gastown.container.payloads import Cause, ModelAccess
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.runtime import Launch

GATEWAY = "gastown"
"""The provider that stands for a town's own endpoint."""
KILO = "kilo"
"""The provider that a town's token is for when it names no endpoint; the programs know its address."""
CONTEXT_TOKENS, OUTPUT_TOKENS = 128_000, 16_000
"""What a model of a town's own endpoint is taken to hold: the program shortens a conversation before it is longer."""

READ_ONLY = {"edit": "deny"}
CHANGING_GIT = ("push", "commit", "merge", "rebase", "cherry-pick", "am", "revert", "reset")
"""What git may not be asked for by who reviews."""
TOOLS_ALONE = {"edit": "deny", "bash": {"*": "deny", "gt *": "allow"}}
REVIEW = {
    "edit": "deny",
    "bash": {
        "*": "allow",
        **{
            pattern: "deny"
            for verb in CHANGING_GIT
            for pattern in (f"git {verb}", f"git {verb} *", f"git -* {verb}", f"git -* {verb} *")
        },
        "gh pr merge*": "deny",
        "glab mr merge*": "deny",
    },
}
DENIALS: Mapping[str, Mapping[str, Any]] = {
    "polecat": {},
    "refinery": REVIEW,
    "triage": TOOLS_ALONE,
    "mayor": TOOLS_ALONE,
}
"""What a role may not do, by what its prompt says of it. It keeps a model from mistakes; what an agent could do on
purpose is bounded by its token, its credentials and the platform, which merges what was approved and nothing else."""

UNASKED = {
    "edit": "allow",
    "bash": "allow",
    "webfetch": "allow",
    "doom_loop": "allow",
    "external_directory": "allow",
    "question": "deny",
}
"""Nobody is there to be asked (container facts, 3.3)."""


@dataclass(frozen=True, kw_only=True)
class Models:
    """The models of a session as the program names them: provider and id."""

    provider: str
    model: str
    small: str

    @property
    def reference(self) -> dict[str, str]:
        """The main model as a prompt names it."""
        return {"providerID": self.provider, "modelID": self.model}


def name_models(model: str | None, small_model: str | None, access: ModelAccess | None) -> Models:
    """Which models these are, and whose; the small one is the main one if none is set, never a guess.

    Raises `RefusedError` (invalid) if there is no model, or one without a provider where nothing says whose it is.
    """
    if not model:
        raise RefusedError(Cause.INVALID, "this runtime needs a model: set default_model or role_models")
    provider = _provider(access) or model.partition("/")[0]
    own = model.removeprefix(f"{provider}/")
    if not own or (_provider(access) is None and "/" not in model):
        raise RefusedError(Cause.INVALID, f"which provider's model is {model!r}? Write it as provider/model")
    small = (small_model or model).removeprefix(f"{provider}/")
    return Models(provider=provider, model=own, small=small)


def _provider(access: ModelAccess | None) -> str | None:
    if access is None or access.token is None:
        return None
    return GATEWAY if access.url else KILO


def configure(*, role: str, models: Models, access: ModelAccess | None, tools: Sequence[str], tools_path: str) -> str:
    """The configuration as JSON. `tools` is the command line of the agents' tools, `tools_path` its PYTHONPATH."""
    permission = {**UNASKED, **DENIALS.get(role, READ_ONLY)}
    server = {"type": "local", "command": list(tools), "environment": {"PYTHONPATH": tools_path}, "enabled": True}
    known: dict[str, Any] = {
        "autoupdate": False,
        "share": "disabled",
        "snapshot": False,
        "model": f"{models.provider}/{models.model}",
        "small_model": f"{models.provider}/{models.small}",
        "mcp": {"gastown": server},
        "permission": permission,
        "agent": {"build": {"permission": permission}},
    }
    if access is not None and access.token is not None:
        known["provider"] = {models.provider: _describe(models, access)}
        known["enabled_providers"] = [models.provider]
    return json.dumps(known)


def _describe(models: Models, access: ModelAccess) -> dict[str, Any]:
    """The provider's address and token, and the models that the program is to accept."""
    token = access.token.get_secret_value() if access.token else ""
    ids = sorted({models.model, models.small})
    if access.url:
        limit = {"context": CONTEXT_TOKENS, "output": OUTPUT_TOKENS}
        return {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Gastown",
            "options": {"baseURL": access.url, "apiKey": token},
            "models": {name: {"name": name, "tool_call": True, "limit": limit} for name in ids},
        }
    options = {"apiKey": token, "kilocodeToken": token}
    if access.organization_id:
        options["kilocodeOrganizationId"] = access.organization_id
    return {"options": options, "models": {name: {} for name in ids}}


def variables_for(launch: Launch, *, tools: Sequence[str], tools_path: str) -> dict[str, str]:
    """All that configures a program for one launch. Raises `RefusedError` (invalid) without a model."""
    models = name_models(launch.model, launch.small_model, launch.access)
    configuration = configure(role=launch.role, models=models, access=launch.access, tools=tools, tools_path=tools_path)
    return as_environment(configuration, launch.environment["HOME"], launch.access)


def as_environment(configuration: str, home: str, access: ModelAccess | None) -> dict[str, str]:
    """The variables that bring a configuration, and keep all that the program stores below its agent's HOME.

    Both programs read the same configuration, each under its own name (container facts, 3.2). `kilo` would tell its
    makers how it is used, and copy its sessions to them; what it says of a town's work is the town's alone. With an
    endpoint of the town's own, every model is described above, and no list of the world's models is fetched.
    """
    both = {"CONFIG_CONTENT": configuration, "DISABLE_AUTOUPDATE": "1", "PURE": "1"}
    if _provider(access) == GATEWAY:
        both["DISABLE_MODELS_FETCH"] = "1"
    return {
        **{f"{prefix}_{name}": value for prefix in ("KILO", "OPENCODE") for name, value in both.items()},
        "XDG_DATA_HOME": f"{home}/.local/share",
        "KILOCODE_FEATURE": "gastown",
        "KILO_PLATFORM": "gastown",
        "KILO_TELEMETRY_LEVEL": "off",
        "KILO_DISABLE_SESSION_INGEST": "1",
    }
