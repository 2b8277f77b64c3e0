"""Modules of a job that are called as others are: which of two is imported depends on what was imported before."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from scripts.jobs.fields import JobError

_OURS = frozenset({"functions", "runtime", "scripts"})


def check_names(folder: Path) -> None:
    """Check the modules of a job's folder that the job itself imports.

    Raises:
        JobError: one is called as a module of Python's own, or of this project.
    """
    names = {path.stem if path.suffix == ".py" else path.name for path in folder.iterdir() if _may_be_imported(path)}
    for name in sorted(names & (sys.stdlib_module_names | _OURS)):
        for path in sorted(folder.glob("*.py")):
            if name in _imported(path):
                whose = "this project's" if name in _OURS else "Python's own"
                raise JobError(
                    f"{path} imports {name}, and {folder} has a module of that name, which is one of {whose}, too: which of them "
                    "is found depends on what was imported before. Rename the job's"
                )


def _may_be_imported(path: Path) -> bool:
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def _imported(path: Path) -> set[str]:
    """The first parts of the names of all modules that a file imports; none if it is no Python, which is told elsewhere."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in names}
