"""What the image installs is what the container imports."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CONTAINER = ROOT / "layers" / "gastown" / "python" / "gastown" / "container"


def pins_of(page: Path) -> dict[str, str]:
    """Return each pinned package with its version."""
    lines = [line for line in page.read_text().splitlines() if line and not line.startswith("#")]
    return dict(re.split(r"(?:\[[^]]*\])?==", line) for line in lines)


def imported() -> set[str]:
    """Return the packages from outside that the container's modules import, wherever in the file."""
    names: set[str] = set()
    for path in CONTAINER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
    return names - sys.stdlib_module_names - {"gastown"}


def test_the_image_has_exactly_what_the_container_imports() -> None:
    """A package that another one happens to bring is named all the same; one that nobody imports is not."""
    assert imported() == set(pins_of(ROOT / "infra" / "container" / "requirements.txt"))


def test_image_and_layer_agree_on_versions() -> None:
    """The same house runs in both."""
    image = pins_of(ROOT / "infra" / "container" / "requirements.txt")
    layer = pins_of(ROOT / "layers" / "dependencies" / "requirements.txt")

    assert {name: image[name] for name in image.keys() & layer} == {name: layer[name] for name in image.keys() & layer}
