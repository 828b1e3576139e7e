"""The HTTP surface as an OpenAPI document, made from the routes themselves: `python -m gastown.api.openapi`.

What a route expects is read from its code: the model in its call of `body(...)`, directly or in the private function
that it calls. So the document cannot say what the route does not do, and `make check` compares it with the one that
is committed.
"""

import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.api_gateway import Route
from pydantic import BaseModel

from gastown.api.app import agents_and_containers, people

OPEN = frozenset({"/", "/health", "/api/towns/{town_id}/container/register"})
"""Paths that need no token."""

REFUSALS = {
    "400": "The body or a parameter is wrong; `issues` names the field",
    "401": "No token, or one that is not valid",
    "403": "Known, but not allowed",
    "404": "No such thing",
    "409": "The thing's state does not allow it, or the report is of an older dispatch",
    "413": "A body of more than 1 MB",
    "503": "Try again after `Retry-After` seconds",
}
TEMPLATE = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """The whole document, paths and methods in order."""
    schemas: dict[str, Any] = {"Refusal": REFUSAL_SCHEMA}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes(people, agents_and_containers):
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = operation(route, path, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Gastown on AWS", "version": "1"},
        "paths": {path: dict(sorted(paths[path].items())) for path in sorted(paths)},
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


REFUSAL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["success", "error"],
    "properties": {
        "success": {"const": False},
        "error": {"type": "string"},
        "issues": {"type": "array", "items": {"type": "object"}},
    },
}


def routes(*apps: APIGatewayHttpResolver) -> Iterator[Route]:
    """Every route of these applications once; a door that shares a router shares its routes."""
    seen: set[tuple[str, str]] = set()
    for app in apps:
        for route in (*app._static_routes, *app._dynamic_routes):  # noqa: SLF001 - the library lists them nowhere else
            if (route.method, route.path) not in seen:
                seen.add((route.method, route.path))
                yield route


def operation(route: Route, path: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """One method of one path."""
    module = route.func.__module__.rpartition(".")[2]
    found: dict[str, Any] = {
        "operationId": f"{module}.{route.func.__name__}",
        "summary": (inspect.getdoc(route.func) or "").partition("\n")[0],
        "tags": [module],
        "responses": {"200": {"description": "The envelope around the answer"}, **refusals(path)},
    }
    if names := re.findall(r"{(\w+)}", path):
        where = {"in": "path", "required": True, "schema": {"type": "string"}}
        found["parameters"] = [{"name": name, **where} for name in names]
    if models := list(dict.fromkeys(request_models(route.func))):
        options = [{"$ref": define(model, schemas)} for model in models]
        schema = options[0] if len(options) == 1 else {"anyOf": options}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if path not in OPEN:
        found["security"] = [{"bearer": []}]
    return found


def refusals(path: str) -> dict[str, Any]:
    """The answers that are no success; open paths refuse nobody."""
    content = {"application/json": {"schema": {"$ref": TEMPLATE.format(model="Refusal")}}}
    told = {} if path in ("/", "/health") else REFUSALS
    return {code: {"description": text, "content": content} for code, text in told.items()}


def request_models(func: Callable[..., Any], depth: int = 1) -> Iterator[type[BaseModel]]:
    """The models that a route reads its body with, also those of the private functions it calls."""
    scope = inspect.getmodule(func)
    for call in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(func)))):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        arguments = [argument.id for argument in call.args if isinstance(argument, ast.Name)]
        if name in ("body", "model_validate"):
            owner = getattr(getattr(call.func, "value", None), "id", None)
            for candidate in (getattr(scope, each, None) for each in (*arguments, owner or "")):
                if inspect.isclass(candidate) and issubclass(candidate, BaseModel):
                    yield candidate
        elif depth and name.startswith("_") and inspect.isfunction(inner := getattr(scope, name, None)):
            yield from request_models(inner, depth - 1)


def define(model: type[BaseModel], schemas: dict[str, Any]) -> str:
    """Add a model and what it is made of to the schemas; the reference to it."""
    schema = model.model_json_schema(ref_template=TEMPLATE)
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return TEMPLATE.format(model=model.__name__)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=1, sort_keys=False) + "\n")
