"""The tests that may notice a change of a module: those that reach it by imports, or mirror it by name."""

import ast
from collections.abc import Iterator
from pathlib import Path

from runtime.mapreduce.shuffle import LAYOUTS
from scripts.orchestrations import ORCHESTRATIONS
from scripts.paths import ROOT

_FURTHEST = 3


def nearest_tests(folder: str, most: int) -> dict[str, list[str]]:
    """Return the test files for each file of the runtime: those first that are named after it, then the nearest by imports.

    Args:
        folder: where the tests are, `tests/unit`.
        most: how many files of tests there are at most for each file.
    """
    graph = {_module(path): _imported(path) for root in ("runtime", "functions", "tests") for path in sources(root)}
    # What is imported by name, and so stands in no import statement.
    graph["runtime.mapreduce.shuffle"] |= {f"runtime.mapreduce.{layout}" for layout in LAYOUTS}
    graph["tests.simulation.simulation"] |= {f"runtime.orchestration.{name}.orchestration" for name in ORCHESTRATIONS}
    tests = [path for path in sources(folder) if Path(path).name.startswith("test_")]
    reached = {path: _distances(_module(path), graph) for path in tests}
    found = {}
    for source in sources("runtime"):
        module = _module(source)
        ranked = sorted(
            (not _mirrors(test, source), distances.get(module, _FURTHEST), test)
            for test, distances in reached.items()
            if module in distances or _mirrors(test, source)
        )
        found[source] = [test for *_rank, test in ranked][:most]
    return found


def sources(folder: str) -> list[str]:
    """Return the Python files below a folder, or the one that is named."""
    place = ROOT / folder
    return sorted(path.relative_to(ROOT).as_posix() for path in ([place] if place.is_file() else place.rglob("*.py")))


def _mirrors(test: str, source: str) -> bool:
    """Whether the test's file or folder is named after the source's module or package: `test_log.py`, `packed/test_runs.py`."""
    file, named = Path(source), Path(test).stem.removeprefix("test_")
    own = {file.stem, file.parent.name} - {"orchestration", "__init__", "mapreduce", "runtime", "aws", "values"}
    another = any(name in test and name not in source for name in (*ORCHESTRATIONS, "client"))
    return not another and any(named.startswith(name) or name in Path(test).parts for name in own)


def _distances(module: str, graph: dict[str, set[str]]) -> dict[str, int]:
    """Return over how many imports a module reaches others."""
    found, edge = {module: 0}, {module}
    for distance in range(1, _FURTHEST + 1):
        edge = {name for one in edge for name in graph.get(one, ()) if name in graph} - set(found)
        found |= dict.fromkeys(edge, distance)
    return found


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(path: str) -> set[str]:
    def names() -> Iterator[str]:
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module)
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    return set(names())
