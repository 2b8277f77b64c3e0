"""Change runtime/ in small ways, one at a time, and tell which changes no test notices.

    python -m tests.mutation --mutations 100 --seed 1 [--only runtime/orchestration/log.py]

The changes are drawn from a seed. For each, the unit tests that import the module run, the nearest first, in a copy of the tree.
Where these notice nothing, 150 schedules of the simulation run. Exit code 1 where a tenth of the changes or more went unnoticed.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from scripts.paths import ROOT
from tests.mutation.mutations import Mutation, mutations_of

_COPIED = (
    "definitions",
    "docs",
    "functions",
    "requirements",
    "runtime",
    "samples",
    "scripts",
    "tests",
    "pyproject.toml",
    "Makefile",
)
_MOST_FILES = 12
_SECONDS = 240.0
_TO_BE_NOTICED = 0.9


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("--mutations", type=int, default=100, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--schedules", type=int, default=150, help="of the simulation, where the unit tests notice nothing; 0: none"
    )
    parser.add_argument("--only", default="runtime", help="a file or folder below runtime/")
    options = parser.parse_args(arguments)
    known = [each for path in sources(options.only) for each in mutations_of(ROOT, path)]
    chosen = random.Random(options.seed).sample(known, min(options.mutations, len(known)))
    tests = nearest_tests()
    trees: SimpleQueue[Path] = SimpleQueue()
    noticed = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for number in range(2):
            trees.put(_copy(Path(folder) / str(number)))
        concerned = sorted({test for each in chosen for test in tests.get(_module(each.path), [])[:_MOST_FILES]})
        if not _passes(Path(folder) / "0", "pytest", "-q", "-x", "-p", "no:cacheprovider", *concerned):
            parser.exit(2, "the unit tests fail without any change, or take too long: see to that first\n")

        def try_one(mutation: Mutation) -> bool:
            tree = trees.get()
            try:
                return is_noticed(tree, mutation, tests.get(_module(mutation.path), []), options.schedules)
            finally:
                trees.put(tree)

        for mutation, was_noticed in zip(chosen, pool.map(try_one, chosen), strict=True):
            noticed += was_noticed
            if not was_noticed:
                print(f"unnoticed: {mutation}", flush=True)
    print(f"{noticed} of {len(chosen)} changes were noticed (seed {options.seed}, of {len(known)} known ones)")
    return 0 if noticed > _TO_BE_NOTICED * len(chosen) else 1


def is_noticed(tree: Path, mutation: Mutation, tests: list[str], schedules: int) -> bool:
    """Whether a test fails, or has no end, while the tree has the change."""
    file = tree / mutation.path
    before = file.read_text(encoding="utf-8")
    file.write_text(mutation.text(tree), encoding="utf-8")
    try:
        if tests and not _passes(tree, "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests[:_MOST_FILES]):
            return True
        return bool(schedules) and not _passes(tree, "tests.simulation", "--schedules", str(schedules))
    finally:
        file.write_text(before, encoding="utf-8")


def nearest_tests() -> dict[str, list[str]]:
    """The unit tests that import a module of the runtime, itself or through others: those first that are nearest to it."""
    graph = {_module(path): _imported(path) for folder in ("runtime", "functions", "tests") for path in sources(folder)}
    found: dict[str, list[tuple[int, str]]] = {}
    for path in sources("tests/unit"):
        if not Path(path).name.startswith("test_"):
            continue
        reached, edge, distance = {_module(path)}, {_module(path)}, 0
        while edge and distance < 3:
            distance += 1
            edge = {name for module in edge for name in graph.get(module, ()) if name in graph} - reached
            reached |= edge
            for module in edge:
                found.setdefault(module, []).append((distance, path))
    return {module: [path for _distance, path in sorted(tests)] for module, tests in found.items()}


def sources(folder: str) -> list[str]:
    """The Python files below a folder, or the one that is named."""
    place = ROOT / folder
    return sorted(path.relative_to(ROOT).as_posix() for path in ([place] if place.is_file() else place.rglob("*.py")))


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


def _copy(tree: Path) -> Path:
    tree.mkdir()
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    return tree


def _passes(tree: Path, module: str, *arguments: str) -> bool:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=tree,
            env=environment,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
