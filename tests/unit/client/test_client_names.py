"""The client and the comparison know a workflow by the deployment's record alone."""

import ast
import re
from pathlib import Path

import pytest

from scripts import paths

NAMES = re.compile(r"\b(unum_map|mapper|partition|reducer|summary)\b")
"""The functions of the repository's own workflow."""

_IN_PROSE = {
    "scripts/client/cli.py",  # what options do for the repository's own workflow
    "scripts/client/report/failure.py",
    "scripts/compare/shuffle.py",
    "scripts/compare/table.py",
}


def sources() -> list[str]:
    folders = [paths.ROOT / "scripts" / "client", paths.ROOT / "scripts" / "compare"]
    found = [path.relative_to(paths.ROOT).as_posix() for folder in folders for path in folder.rglob("*.py")]
    return sorted(name for name in found if "/client/input/" not in name and name not in _IN_PROSE)


def texts(path: Path) -> list[str]:
    """The strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told]
    return [node.value for node in constants if isinstance(node.value, str)]


@pytest.mark.parametrize("source", sources())
def test_no_component_is_named(source: str) -> None:
    assert [text for text in texts(paths.ROOT / source) if NAMES.search(text)] == []
