"""Floors: a module imports from its own floor and from those below, and no module imports itself in a circle."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from scripts import paths
from scripts.orchestrations import ORCHESTRATIONS

O = "runtime.orchestration"  # noqa: E741

Floors = tuple[tuple[str, ...], ...]

FLOORS: Floors = (
    (
        "runtime.clock",
        "runtime.concurrency",
        "runtime.encoding",
        "runtime.limits",
        "runtime.record",
        "runtime.retries",
        "runtime.run",
    ),
    ("runtime.aws",),
    ("runtime.ports",),
    ("runtime.mapreduce",),
    (f"{O}.output", f"{O}.safe_text", f"{O}.workflow"),
    (f"{O}.settings",),
    (f"{O}.values",),
    (f"{O}.ending",),
    (f"{O}.contract", f"{O}.enveloped", f"{O}.log", f"{O}.ownership"),
    tuple(f"{O}.{name}" for name in ORCHESTRATIONS),
    (f"{O}.recorder",),
    (f"{O}.wrapper",),
    (f"{O}.entry",),
)
"""From the ground up. Each name stands for a module, or for all of a package."""

SCRIPTS_FLOORS: Floors = (
    tuple(f"scripts.{name}" for name in ("children", "files", "lambda_python", "only_one", "paths", "program", "start")),
    ("scripts.orchestrations", "scripts.steps", "scripts.jobs"),
    ("scripts.package",),
    ("scripts.workflow",),
    ("scripts.embedded",),
    ("scripts.deploy",),
    ("scripts.client",),
    ("scripts.demo", "scripts.inline", "scripts.compare"),
    ("scripts.bench",),
)
"""The same for the commands."""


def modules_of(folder: str) -> dict[str, Path]:
    """The modules under a folder of the repository, by their names."""
    files = (paths.ROOT / folder).rglob("*.py")
    return {
        ".".join(file.relative_to(paths.ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in sorted(files)
    }


def imports_of(file: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    """Which of these modules a file imports, wherever it does so."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield from (name for name in (whole if whole in modules else str(node.module),) if name in modules)


def floor_of(module: str, floors: Floors) -> int | None:
    """The number of a module's floor; None of a package that holds others, and of itself no code."""
    for number, names in enumerate(floors):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return number
    return None


@pytest.mark.parametrize("folder", ["runtime", "scripts"])
def test_no_module_imports_itself_in_a_circle(folder: str) -> None:
    modules = modules_of(folder)
    graph = {name: {found for found in imports_of(file, modules) if found != name} for name, file in modules.items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(("folder", "floors"), [("runtime", FLOORS), ("scripts", SCRIPTS_FLOORS)])
def test_module_imports_nothing_from_a_floor_above(folder: str, floors: Floors) -> None:
    modules = modules_of(folder)
    floor = {name: floor_of(name, floors) for name in set(modules) - {folder, O}}
    assert None not in floor.values(), f"these have no floor: {sorted(name for name in floor if floor[name] is None)}"

    higher = {
        f"{name} -> {found}"
        for name, own in floor.items()
        for found in imports_of(modules[name], modules)
        if (floor.get(found) or 0) > (own or 0)
    }

    assert higher == set()
