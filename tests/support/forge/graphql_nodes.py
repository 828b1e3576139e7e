"""What GraphQL may ask for: pull requests, threads, reviews, checks, and the few mutations."""

from typing import Any

from graphql import GraphQLError

from tests.support.forge import github_shapes as shapes
from tests.support.forge.requests import ChangeRequest, Comment, Project, Thread
from tests.support.forge.tokens import Token
from tests.support.forge.world import Happening, World

MOST = 100
ROLLUPS = {"failing": "FAILURE", "pending": "PENDING", "passing": "SUCCESS"}

Node = dict[str, Any]


def failure(kind: str, message: str) -> GraphQLError:
    """An error with GitHub's `type`."""
    return GraphQLError(message, extensions={"type": kind})


def connection(nodes: list[Node], what: str, arguments: dict[str, Any]) -> Node:
    """One page of nodes; a cursor is a position.

    https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api: `first` or `last`, 1 to 100.
    """
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        message = f"You must provide a `first` or `last` value to properly paginate the `{what}` connection."
        raise failure("MISSING_PAGINATION_BOUNDARIES", message)
    if max(first or 0, last or 0) > MOST:
        message = (
            f"Requesting {first or last} records on the `{what}` connection exceeds the `first` limit of 100 records."
        )
        raise failure("EXCESSIVE_PAGINATION", message)
    start, end = int(arguments.get("after") or 0), int(arguments.get("before") or len(nodes) + 1) - 1
    start, end = (start, min(end, start + first)) if first is not None else (max(start, end - (last or 0)), end)
    page = {
        "hasNextPage": end < len(nodes),
        "hasPreviousPage": start > 0,
        "startCursor": str(start + 1) if start < end else None,
        "endCursor": str(end) if start < end else None,
    }
    return {"nodes": nodes[start:end], "pageInfo": page, "totalCount": len(nodes)}


def pages(nodes: list[Node], what: str) -> Any:
    """A resolver of a connection."""
    return lambda _, **arguments: connection(nodes, what, arguments)


def actor(login: str) -> Node:
    """A user or a bot."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {"__typename": kind, "id": f"U_{login}", "login": login.removesuffix("[bot]")}


def review_decision(project: Project, request: ChangeRequest) -> str | None:
    """`reviewDecision`: null when no rule asks for reviews, whatever reviewers say.

    https://github.com/orgs/community/discussions/24375
    """
    if not project.rules.required_approvals:
        return None
    if request.objections():
        return "CHANGES_REQUESTED"
    return "APPROVED" if len(request.approvals()) >= project.rules.required_approvals else "REVIEW_REQUIRED"


class Root:
    """The entry points, for one token."""

    def __init__(self, world: World, token: Token) -> None:
        """Look at this world through this token."""
        self.world, self.token = world, token

    def fields(self) -> Node:
        """Queries and mutations by name."""
        return {
            "viewer": actor(self.token.login),
            "rateLimit": self._rate_limit,
            "repository": self._repository,
            "node": lambda _, id: self._node(id),  # noqa: A006 the schema's own name
            "resolveReviewThread": lambda _, input: self._resolve(input["threadId"], by=self.token.login),  # noqa: A006
            "unresolveReviewThread": lambda _, input: self._resolve(input["threadId"], by=None),  # noqa: A006
            "addPullRequestReviewThreadReply": lambda _, input: self._reply(input),  # noqa: A006
            "markPullRequestReadyForReview": lambda _, input: self._ready(input["pullRequestId"]),  # noqa: A006
        }

    def _rate_limit(self, _: Any) -> Node:
        quota, limit = self.world.quota(self.token.value), self.world.quota_limit
        used = {"limit": limit, "used": quota.used, "remaining": limit - quota.used}
        return used | {"cost": 1, "resetAt": self.world.stamp(quota.resets_at)}

    def _repository(self, _: Any, owner: str, name: str, **__: Any) -> Node:
        project = self.world.project(f"{owner}/{name}")
        if project is None or not self.token.reaches(project.path):
            raise failure("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        if not self.token.permits("pull_requests:read"):
            raise failure("FORBIDDEN", "Resource not accessible by integration")
        methods = project.rules.methods
        return {
            "id": f"R_{project.number}",
            "name": project.name,
            "nameWithOwner": project.path,
            "url": f"{self.world.github_web}/{project.path}",
            "squashMergeAllowed": "squash" in methods,
            "mergeCommitAllowed": "merge" in methods,
            "rebaseMergeAllowed": "rebase" in methods,
            "pullRequest": lambda _, number: self._numbered(project, number),
        }

    def _numbered(self, project: Project, number: int) -> Node:
        if number not in project.requests:
            raise failure("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        request = project.requests[number]
        node = self.pull(project, request)
        request.reads_unknown = max(0, request.reads_unknown - 1)
        return node

    def pull(self, project: Project, request: ChangeRequest) -> Node:
        """A pull request."""
        rollup = self._commit(project, project.head_sha(request))["statusCheckRollup"]
        return {
            "__typename": "PullRequest",
            "id": f"PR_{request.identity}",
            "number": request.number,
            "title": request.title,
            "body": request.body,
            "url": shapes.html_url(self.world, project, request),
            "state": request.state.upper(),
            "isDraft": request.draft,
            "merged": request.state == "merged",
            "mergedAt": request.merged_at,
            "updatedAt": request.updated_at,
            "author": actor(request.author),
            "mergeable": self._mergeable(project, request),
            "mergeStateStatus": shapes.merge_state(project, request).upper(),
            "reviewDecision": review_decision(project, request),
            "isCrossRepository": bool(request.fork),
            "mergeCommit": self._commit(project, request.merge_sha) if request.merge_sha else None,
            "statusCheckRollup": rollup,
        } | self._sides(project, request)

    def _sides(self, project: Project, request: ChangeRequest) -> Node:
        return {
            "headRefName": request.head,
            "headRefOid": project.head_sha(request),
            "baseRefName": request.base,
            "baseRefOid": project.base_sha(request),
            "reviewThreads": pages([self.thread(project, request, one) for one in request.threads], "reviewThreads"),
            "reviews": pages(self._reviews(request), "reviews"),
            "latestOpinionatedReviews": lambda _, **given: connection(
                self._latest(request, writers_only=given.pop("writersOnly")), "latestOpinionatedReviews", given
            ),
            "commits": pages([{"commit": self._commit(project, project.head_sha(request))}], "commits"),
        }

    def _mergeable(self, project: Project, request: ChangeRequest) -> str:
        if request.state != "open" or request.reads_unknown > 0:
            return "UNKNOWN"
        return "CONFLICTING" if project.conflicted(request) else "MERGEABLE"

    def thread(self, project: Project, request: ChangeRequest, thread: Thread) -> Node:
        """A review thread."""
        comments = [self.comment(project, request, comment) for comment in thread.comments]
        return {
            "__typename": "PullRequestReviewThread",
            "id": f"PRRT_{thread.key}",
            "isResolved": thread.resolved,
            "isOutdated": thread.outdated,
            "isCollapsed": thread.resolved,
            "path": thread.path or "",
            "line": thread.line,
            "resolvedBy": actor(thread.resolved_by) if thread.resolved_by else None,
            "comments": pages(comments, "comments"),
        }

    def comment(self, project: Project, request: ChangeRequest, comment: Comment) -> Node:
        """A review comment."""
        return {
            "id": f"PRRC_{comment.number}",
            "databaseId": comment.number,
            "body": comment.body,
            "author": actor(comment.author),
            "createdAt": comment.at,
            "url": f"{shapes.html_url(self.world, project, request)}#discussion_r{comment.number}",
        }

    def _reviews(self, request: ChangeRequest) -> list[Node]:
        return [
            {
                "id": f"PRR_{review.number}",
                "author": actor(review.author),
                "state": review.state,
                "body": review.body,
                "submittedAt": review.at,
                "commit": {"oid": review.sha},
            }
            for review in request.reviews
        ]

    def _latest(self, request: ChangeRequest, *, writers_only: bool) -> list[Node]:
        writers = {review.author for review in request.reviews if review.writer}
        judged = [
            node
            for node, review in zip(self._reviews(request), request.reviews, strict=True)
            if node["state"] != "COMMENTED" and (review.author in writers or not writers_only)
        ]
        return list({node["author"]["login"]: node for node in judged}.values())

    def _commit(self, project: Project, sha: str) -> Node:
        words = set(project.check_words(sha).values())
        worst = next((word for word in ROLLUPS if word in words), None)
        rollup = (
            {"state": ROLLUPS[worst], "contexts": pages(self._contexts(project, sha), "contexts")} if worst else None
        )
        return {"oid": sha, "statusCheckRollup": rollup}

    def _contexts(self, project: Project, sha: str) -> list[Node]:
        required = project.rules.required_checks
        runs = [
            {
                "__typename": "CheckRun",
                "id": f"CR_{run.number}",
                "name": run.name,
                "status": run.status.upper(),
                "conclusion": run.conclusion.upper() if run.conclusion else None,
                "isRequired": run.name in required,
            }
            for run in project.checks
            if run.sha == sha
        ]
        statuses = [
            {
                "__typename": "StatusContext",
                "id": f"SC_{one.number}",
                "context": one.context,
                "state": one.state.upper(),
                "isRequired": one.context in required,
            }
            for one in project.latest_statuses(sha)
        ]
        return runs + statuses

    def _find_thread(self, node: str) -> tuple[Project, ChangeRequest, Thread]:
        for project in self.world.projects.values():
            for request in project.requests.values():
                for thread in request.threads:
                    if f"PRRT_{thread.key}" == node and self.token.reaches(project.path):
                        return project, request, thread
        raise failure("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'.")

    def _find_pull(self, node: str) -> tuple[Project, ChangeRequest]:
        for project in self.world.projects.values():
            for request in project.requests.values():
                if f"PR_{request.identity}" == node and self.token.reaches(project.path):
                    return project, request
        raise failure("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'.")

    def _node(self, node: str) -> Node:
        return self.thread(*self._find_thread(node)) if node.startswith("PRRT_") else self.pull(*self._find_pull(node))

    def _may_write(self) -> None:
        if not self.token.permits("pull_requests:write"):
            raise failure("FORBIDDEN", "Resource not accessible by integration")

    def _resolve(self, node: str, *, by: str | None) -> Node:
        self._may_write()
        project, request, thread = self._find_thread(node)
        thread.resolved_by = by
        action = "resolved" if by else "unresolved"
        self.world.tell(
            Happening(
                topic="thread", action=action, project=project, login=self.token.login, request=request, subject=thread
            )
        )
        return {"thread": self.thread(project, request, thread)}

    def _reply(self, given: Node) -> Node:
        self._may_write()
        project, request, thread = self._find_thread(given["pullRequestReviewThreadId"])
        comment = Comment(author=self.token.login, body=given["body"], at=self.world.stamp())
        thread.comments.append(comment)
        return {"comment": self.comment(project, request, comment)}

    def _ready(self, node: str) -> Node:
        self._may_write()
        project, request = self._find_pull(node)
        request.draft = False
        self.world.changed(project, request, "ready_for_review", self.token.login)
        return {"pullRequest": self.pull(project, request)}
