"""GitHub's GraphQL: what a merge decision reads, in pages, and the few mutations."""

from collections.abc import Callable

from tests.support.forge.scene import Scene

THREADS = """
query Threads($after: String) {
  repository(owner: "acme", name: "widgets") {
    pullRequest(number: 1) {
      isDraft reviewDecision headRefOid
      reviewThreads(first: 100, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved comments(first: 5) { nodes { body author { login } } } }
      }
    }
  }
}
"""


def test_review_threads_come_in_pages_of_at_most_100(scene: Scene) -> None:
    """A cursor leads on; 101 at once is an error, as at GitHub."""
    scene.forge.steer.add_thread(scene.path, scene.number, "Rename this", count=120, login="reviewer")
    scene.forge.steer.resolve(scene.path, scene.number, scene.state()["threads"][0]["key"])
    first = scene.ask(THREADS)["data"]["repository"]["pullRequest"]["reviewThreads"]
    second = scene.ask(THREADS, after=first["pageInfo"]["endCursor"])["data"]["repository"]["pullRequest"][
        "reviewThreads"
    ]
    greedy = scene.ask(THREADS.replace("first: 100", "first: 101"))

    assert [(100, True), (20, False)] == [
        (len(one["nodes"]), one["pageInfo"]["hasNextPage"]) for one in (first, second)
    ]
    assert [True, False] == [node["isResolved"] for node in first["nodes"][:2]]
    assert {"body": "Rename this", "author": {"login": "reviewer"}} == first["nodes"][0]["comments"]["nodes"][0]
    assert "EXCESSIVE_PAGINATION" == greedy["errors"][0]["type"]
    assert greedy["data"]["repository"]["pullRequest"] is None


def test_a_query_with_a_field_that_is_not_in_the_schema_is_an_error(scene: Scene) -> None:
    """200 with `errors` and no data: a client that misspells is found out here."""
    answer = scene.ask('query { repository(owner: "acme", name: "widgets") { pullRequest(number: 1) { isResolved } } }')

    assert "Cannot query field 'isResolved'" in answer["errors"][0]["message"]
    assert "data" not in answer


def test_a_thread_is_resolved_and_answered_by_mutation(scene: Scene) -> None:
    """And only by a token that may."""
    [key] = scene.forge.steer.add_thread(scene.path, scene.number)
    mutation = "mutation Resolve($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
    reader = scene.forge.steer.add_token(permissions={"pull_requests": "read"})
    body = {"query": mutation, "variables": {"id": f"PRRT_{key}"}}
    refused = scene.call("POST", "/graphql", token=reader, json=body).json()

    assert "FORBIDDEN" == refused["errors"][0]["type"]
    assert {"isResolved": True} == scene.ask(mutation, id=f"PRRT_{key}")["data"]["resolveReviewThread"]["thread"]
    assert scene.state()["threads"][0]["resolved"]


def test_the_review_decision_follows_the_latest_opinions(scene: Scene) -> None:
    """Nothing asked for: null, whatever is said; required: what was said last, comments apart."""
    steer, seen = scene.forge.steer, []
    steps: tuple[Callable[[], object], ...] = (
        lambda: steer.review(scene.path, 1, "CHANGES_REQUESTED", login="bob"),
        lambda: steer.review(scene.path, 1, "DISMISSED", login="bob"),
        lambda: steer.set_rules(scene.path, required_approvals=1),
        lambda: steer.review(scene.path, 1, "CHANGES_REQUESTED", login="ann"),
        lambda: steer.review(scene.path, 1, "APPROVED", login="ann"),
        lambda: steer.review(scene.path, 1, "COMMENTED", login="ann"),
        lambda: None,
    )
    for step in steps:
        seen.append(scene.ask(THREADS)["data"]["repository"]["pullRequest"]["reviewDecision"])
        step()

    assert [None, None, None, "REVIEW_REQUIRED", "CHANGES_REQUESTED", "APPROVED", "APPROVED"] == seen


def test_the_word_of_somebody_who_may_not_push_does_not_count(scene: Scene) -> None:
    """It is told unless only writers are asked for, and decides nothing."""
    scene.forge.steer.set_rules(scene.path, required_approvals=1)
    scene.forge.steer.review(scene.path, 1, "APPROVED", login="guest", writer=False)
    query = """query Q($only: Boolean) { repository(owner: "acme", name: "widgets") { pullRequest(number: 1) {
      reviewDecision latestOpinionatedReviews(first: 10, writersOnly: $only) {
      nodes { state author { login } } } } } }"""
    told = [scene.ask(query, only=only)["data"]["repository"]["pullRequest"] for only in (False, True)]

    assert ["REVIEW_REQUIRED"] * 2 == [pull["reviewDecision"] for pull in told]
    assert [1, 0] == [len(pull["latestOpinionatedReviews"]["nodes"]) for pull in told]


def test_the_roll_up_of_checks_names_what_is_required(scene: Scene) -> None:
    """Check runs and statuses in one list, the worst of them as its state."""
    scene.forge.steer.set_rules(scene.path, required_checks=["ci"])
    scene.forge.steer.set_check(scene.path, "ci", None, number=1)
    scene.forge.steer.set_status(scene.path, "lint", "success", number=1)
    query = """query { repository(owner: "acme", name: "widgets") { pullRequest(number: 1) { statusCheckRollup { state
      contexts(first: 10) { nodes {
        ... on CheckRun { name status conclusion isRequired(pullRequestNumber: 1) }
        ... on StatusContext { context state isRequired(pullRequestNumber: 1) } } } } } } }"""
    roll_up = scene.ask(query)["data"]["repository"]["pullRequest"]["statusCheckRollup"]

    assert "PENDING" == roll_up["state"]
    assert [
        {"name": "ci", "status": "IN_PROGRESS", "conclusion": None, "isRequired": True},
        {"context": "lint", "state": "SUCCESS", "isRequired": False},
    ] == roll_up["contexts"]["nodes"]
