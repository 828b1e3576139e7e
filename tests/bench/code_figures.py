"""How long modules and functions of the house are; the hard limits are in the house rules' test."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.bench.budget import Budget

HOUSE = Path(__file__).resolve().parents[2] / "layers/gastown/python/gastown"
MODULE_LINES, FUNCTION_LINES = 250, 25
"""About so long; longer needs a reason (design section 8)."""


def measuring() -> Iterator[Budget]:
    """How many are longer, and the longest of them."""
    modules = {path.relative_to(HOUSE): path.read_text() for path in HOUSE.rglob("*.py")}
    lengths = {str(path): len(text.splitlines()) for path, text in modules.items()}
    functions = {
        f"{path}:{node.name}": body_lines(node)
        for path, text in modules.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    yield _over("modules", MODULE_LINES, lengths)
    yield _over("functions", FUNCTION_LINES, functions)


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _over(what: str, limit: int, lengths: dict[str, int]) -> Budget:
    longer = sorted(((lines, name) for name, lines in lengths.items() if lines > limit), reverse=True)
    longest = ", ".join(f"{name} {lines}" for lines, name in longer[:3])
    return Budget(
        name=f"{what} of more than {limit} lines", measured=len(longer), unit=f"of {len(lengths)}", note=longest
    )
