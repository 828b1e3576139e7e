"""A story on a forge: a town whose work goes through pull requests of a provider that really merges."""

from dataclasses import dataclass
from typing import Any

from infra.local.demo import open_api
from infra.local.demo_repository import Repository
from infra.local.stack import Stack
from tests.e2e.story import Story, wait_until
from tests.support.forge.server import Forge

TOKEN = "a-token-of-the-forge"


@dataclass(frozen=True, kw_only=True)
class ForgeStory(Story):
    """A town with one rig, whose repository the forge hosts."""

    forge: Forge
    project: str

    @classmethod
    def on(cls, stack: Stack, forge: Forge, *, provider: str = "github", **config: Any) -> "ForgeStory":
        """Make a project, a town of strategy `pr`, its credential and its rig."""
        api = open_api(stack)
        town_id = api.create_town("forge story")
        path = f"acme/widgets-{town_id[-8:]}"
        forge.steer.add_project(path)
        token = f"{TOKEN}-{town_id[-8:]}"
        forge.steer.add_token("bot", value=token)
        url = forge.git_url(path)
        known: dict[str, Any] = {"github_cli_pat": token}
        if provider == "gitlab":  # the same server by its other name, so that the two are told apart
            instance = forge.url.replace("127.0.0.1", "localhost")
            url, known = (
                url.replace("127.0.0.1", "localhost"),
                {"git_auth": {"gitlab_token": token, "gitlab_instance_url": instance}},
            )
        api.call("PATCH", f"/api/towns/{town_id}/config", {"merge_strategy": "pr", **known, **config})
        rig_id = api.create_rig(town_id, "story", url, "main")
        kept = forge.world.projects[path].repository
        repository = Repository(path=kept.path, default_branch="main", first_sha=kept.head("main") or "")
        return cls(
            stack=stack, api=api, town_id=town_id, rig_id=rig_id, repository=repository, forge=forge, project=path
        )

    def requests(self) -> list[dict[str, Any]]:
        """What the forge knows of this project's requests, oldest first."""
        numbers = sorted(self.forge.world.projects[self.project].requests)
        return [self.forge.steer.read_request(self.project, number) for number in numbers]

    def reviews(self) -> list[dict[str, Any]]:
        """The town's reviews so far, in the order of their making."""
        made = [event["metadata"]["review_id"] for event in self.events("review_submitted")]
        return [self.bead(review) for review in made]

    def wait_for_request(self, number: int = 1) -> dict[str, Any]:
        """The request of this number, when it is there."""
        assert wait_until(lambda: len(self.requests()) >= number), self.reviews()
        return self.requests()[number - 1]

    def fix_text(self) -> str:
        """What the newest fix asks for."""
        fix = self.events("rework_requested")[-1]["new_value"]
        return str(self.bead(fix)["body"])

    def told(self) -> str:
        """What the newest review says of its request, for a test that fails."""
        return str(self.reviews()[-1]["metadata"])

    def phase(self) -> str:
        """How the newest review stands."""
        return str(self.reviews()[-1]["metadata"]["phase"])

    def pass_time(self, minutes: float, *, until: Any = lambda: False) -> bool:
        """Let time go by minute by minute, with a moment for the work of each; whether `until` came."""
        for _ in range(int(minutes)):
            if wait_until(until, seconds=1):
                return True
            self.move_clock(60)
        return wait_until(until, seconds=10)
