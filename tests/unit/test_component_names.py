"""Nothing that orchestrates names a component of a workflow: who follows whom is written in the workflow's file alone.

A name may stand in prose that explains the wordcount, such as a docstring or a help text, but never as a value: as the name
itself, or as what is made from it, such as a stage or a key. `.unum_map`, an object that says a fan-out's size, is no such value.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import paths

NAMES = "mapper|partition|reducer|summary|unum_map"
VALUE = re.compile(rf"({NAMES})([-_./].*)?")


def values(path: Path) -> Iterator[str]:
    """All texts in a module: a docstring is one too, and is never a name alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((paths.ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize(
    "path",
    modules("runtime/orchestration", "scripts/client", "scripts/compare"),
    ids=lambda path: str(path.relative_to(paths.ROOT)),
)
def test_module_has_no_components_name_as_a_value(path: Path) -> None:
    assert [value for value in values(path) if VALUE.fullmatch(value)] == []


@pytest.mark.parametrize("text", ["mapper", "reducer-input", "unum_map.input/1.json", "summary_failed", "partition/1.json"])
def test_names_and_what_is_made_from_them_are_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'"""A mapper."""\nwho = {text!r}\n')

    assert [value for value in values(tmp_path / "a.py") if VALUE.fullmatch(value)] == [text]
