"""GitHub's GraphQL API: queries are parsed, checked against `github.graphql` and executed by graphql-core."""

from pathlib import Path
from typing import Any

from graphql import ExecutionResult, GraphQLError, build_schema, graphql_sync

from tests.support.forge.exchange import Answer, Request
from tests.support.forge.graphql_nodes import Root
from tests.support.forge.tokens import Token
from tests.support.forge.world import World

SCHEMA = build_schema((Path(__file__).parent / "github.graphql").read_text())

Node = dict[str, Any]


def answer(world: World, token: Token, request: Request) -> Answer:
    """https://docs.github.com/en/graphql/guides/forming-calls-with-graphql: 200 whatever `errors` there are."""
    body = request.json()
    if not isinstance(body.get("query"), str):
        return Answer(status=400, content={"message": "A query attribute must be specified and must be a string."})
    result = graphql_sync(
        SCHEMA,
        body["query"],
        root_value=Root(world, token).fields(),
        variable_values=body.get("variables"),
        operation_name=body.get("operationName"),
    )
    return Answer(content=_body(result))


def _body(result: ExecutionResult) -> Node:
    body: Node = {} if result.data is None and result.errors else {"data": result.data}
    if result.errors:
        body["errors"] = [_error(error) for error in result.errors]
    return body


def _error(error: GraphQLError) -> Node:
    """GitHub puts its `type` beside the message."""
    extensions = error.extensions or {}
    return ({"type": extensions["type"]} if "type" in extensions else {}) | dict(error.formatted)
