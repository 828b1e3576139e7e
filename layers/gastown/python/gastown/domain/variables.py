"""Names of environment variables that people cannot have: the platform's own, in an agent's process and at the API."""

RESERVED = frozenset(
    {
        "KILOCODE_TOKEN",
        "GIT_TOKEN",
        "GITHUB_TOKEN",
        "GITLAB_TOKEN",
        "GITLAB_INSTANCE_URL",
        "GITHUB_CLI_PAT",
        "GH_TOKEN",
        "GASTOWN_GIT_AUTHOR_NAME",
        "GASTOWN_GIT_AUTHOR_EMAIL",
        "GASTOWN_DISABLE_AI_COAUTHOR",
        "GASTOWN_ORGANIZATION_ID",
        "GASTOWN_CONTAINER_TOKEN",
        "GASTOWN_SESSION_TOKEN",
        "GASTOWN_API_URL",
        "GASTOWN_TOWN_ID",
        "GASTOWN_RIG_ID",
    }
)
"""The sixteen names of the reference (REQ-R.1d; container facts, 1.3)."""

OURS = frozenset({"PATH", "HOME"})
"""What each agent's process has of its own."""

PREFIXES = ("GASTOWN_", "GIT_", "LD_")
"""Families that say who an agent is, how its git signs in, and what is loaded into its processes."""


def is_reserved(name: str) -> bool:
    """Whether a town's own variables can neither set nor delete this name."""
    return name in RESERVED or name in OURS or name.startswith(PREFIXES)
