"""Rules of the house that no linter knows: sizes, names, and that what is listed exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "layers" / "gastown" / "python" / "gastown"
TESTS = ROOT / "tests"
MODULE_LINES = 250
MODULE_MOST = 320
LONG_MODULES = 0.05
FUNCTION_LINES = 25
FUNCTION_MOST = 40
LONG_FUNCTIONS = 0.1
DOOR_LINES = 10
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
PLACES = (
    "functions",
    "layers",
    "infra",
    "tests",
    ".ci",
    "template.yaml",
    "samconfig.toml",
    "pyproject.toml",
    "Makefile",
)
GENERATED = {".local", ".aws-sam", ".venv", "http:", "https:"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: Path) -> list[Path]:
    """Return the Python files below some folders."""
    return sorted(path for folder in folders for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


OURS = sources(HOUSE, ROOT / "functions", ROOT / "infra")


def length_of(path: Path) -> int:
    """Count all lines of a file."""
    return len(path.read_text().splitlines())


def functions_in(path: Path) -> Iterator[Function]:
    """Yield every function of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def size_of(function: Function) -> int:
    """Count a function's lines from `def` to its end, without its docstring."""
    first = function.body[0]
    text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if text else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def named(path: Path, function: Function | None = None) -> str:
    """Name a place for a message."""
    return f"{path.relative_to(ROOT)}{f':{function.lineno} {function.name}' if function else ''}"


def test_modules_are_short() -> None:
    """About 250 lines: nearly all below, none far above."""
    lengths = {named(path): length_of(path) for path in OURS}
    long = {name: length for name, length in lengths.items() if length > MODULE_LINES}

    assert {} == {name: length for name, length in long.items() if length > MODULE_MOST}
    assert len(long) <= max(1, LONG_MODULES * len(lengths)), long


def test_functions_are_short() -> None:
    """Nine in ten have at most 25 lines, and none more than 40."""
    sizes = {named(path, function): size_of(function) for path in OURS for function in functions_in(path)}
    long = {name: size for name, size in sizes.items() if size > FUNCTION_LINES}

    assert {} == {name: size for name, size in long.items() if size > FUNCTION_MOST}
    assert len(long) <= LONG_FUNCTIONS * len(sizes), long


def test_no_module_has_a_name_that_says_nothing() -> None:
    """A place called `utils` collects what nobody placed."""
    assert [] == [named(path) for path in [*OURS, *sources(TESTS)] if path.stem in VAGUE]


def test_every_package_has_a_door_sign() -> None:
    """What lives here and what may not, in a few lines."""
    silent = [
        named(path)
        for path in sources(HOUSE)
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert [] == silent
    assert [] == [named(path.parent) for path in sources(HOUSE) if not (path.parent / "__init__.py").exists()]


def test_doors_are_thin() -> None:
    """A door is one file that opens on one hall."""
    for folder in (path for path in (ROOT / "functions").iterdir() if path.is_dir() and path.name != "__pycache__"):
        assert {"handler.py"} == {path.name for path in folder.iterdir() if path.name != "__pycache__"}
        assert length_of(folder / "handler.py") <= DOOR_LINES


ENVIRONMENT = {"environ", "environb"}
WRITES = {"update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__"}


def is_environment(node: ast.AST) -> bool:
    """Whether an expression is the environment of the process, however it was imported."""
    return getattr(node, "attr", getattr(node, "id", "")) in ENVIRONMENT


def writes_to_environment(path: Path) -> Iterator[ast.AST]:
    """Yield what changes the environment of the process: an assignment, a deletion, or a call of such a method."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()) if is_environment(owner):
                yield node
            case ast.Attribute(value=owner, attr=name) if name in WRITES and is_environment(owner):
                yield node
            case ast.Attribute(attr="putenv" | "unsetenv"):
                yield node
            case ast.Attribute(ctx=ast.Store() | ast.Del()) if is_environment(node):
                yield node


def test_nothing_writes_the_environment_of_its_process(tmp_path: Path) -> None:
    """Every child gets a dictionary of its own; what one agent is given cannot stay behind for the next (REQ-R.1e)."""
    writing = {named(path) for path in sources(HOUSE, ROOT / "functions") for _ in writes_to_environment(path)}
    samples = (
        "os.environ['A'] = 'b'",
        "del os.environ['A']",
        "environ.update(A='b')",
        "os.putenv('A', 'b')",
        "os.environ |= {}",
    )
    for number, sample in enumerate(samples):
        (tmp_path / f"{number}.py").write_text(sample)
        assert [] != list(writes_to_environment(tmp_path / f"{number}.py")), sample

    assert set() == writing


def routes() -> list[Path]:
    """Return the route modules."""
    return [path for path in sources(HOUSE / "api" / "routes") if path.name != "__init__.py"]


@pytest.mark.parametrize("path", routes(), ids=lambda path: path.stem)
def test_a_route_module_has_one_router(path: Path) -> None:
    """One resource, one router, one file."""
    assert len(re.findall(r"^\w+(?:: \w+)? = \w*Router\(", path.read_text(), re.MULTILINE)) == 1


def rules() -> list[Path]:
    """Return the rule modules."""
    return [path for path in sources(HOUSE / "reconciler" / "rules") if path.name != "__init__.py"]


@pytest.mark.parametrize("path", rules(), ids=lambda path: path.stem)
def test_a_rule_is_listed_and_tested_under_its_own_name(path: Path) -> None:
    """File, generator, entry of RULES and test share a name."""
    listing = re.split(r"^(?:STAGES|RULES)\b", (path.parent / "__init__.py").read_text(), flags=re.MULTILINE)

    assert path.stem in [function.name for function in functions_in(path)]
    assert re.search(rf"\b{path.stem}\b", "".join(listing[1:]))
    assert [] != list(TESTS.rglob(f"test_{path.stem}.py"))


def ports() -> list[Path]:
    """Return the modules that hold a port."""
    return [path for path in sources(HOUSE / "ports") if "(Protocol)" in path.read_text()]


@pytest.mark.parametrize("path", ports(), ids=lambda path: path.stem)
def test_a_port_has_a_fake_and_a_contract_suite(path: Path) -> None:
    """Three places, one name; the same suite keeps fake and adapter honest."""
    assert (TESTS / "support" / "fakes" / path.name).exists()
    assert (TESTS / "support" / "contracts" / path.name).exists()


def readmes() -> list[Path]:
    """Return the pages that name paths."""
    pages = [ROOT / "README.md", *(page for place in PLACES for page in (ROOT / place).glob("**/README.md"))]
    return sorted({page for page in pages if page.exists()})


@pytest.mark.parametrize("page", readmes(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_in_a_readme_exists(page: Path) -> None:
    """A page that points at nothing misleads."""
    text = page.read_text()
    linked = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    spoken = [word for word in re.findall(r"`([^`\s]+)`", text) if word.split("/")[0] in PLACES]
    missing = [
        path
        for path in {*linked, *spoken}
        if path
        and path.split("/")[0] not in GENERATED
        and not re.search(r"[<>*{}…]", path)
        and not any((base / path).exists() for base in (page.parent, ROOT))
    ]

    assert [] == missing


def test_the_layer_pins_what_the_project_depends_on() -> None:
    """Every dependency but the SDK, which comes with the runtime, is in the layer, by one exact version."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    wanted = {re.split(r"[\[>=<]", name)[0] for name in project} - {"boto3"}
    lines = (ROOT / "layers" / "dependencies" / "requirements.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))

    assert wanted <= pins.keys()
    assert {"boto3", "botocore"}.isdisjoint(pins)
