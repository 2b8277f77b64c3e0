"""Change runtime/ in small ways, one at a time, and tell which changes no test notices.

    python -m tests.mutation --mutations 100 --seed 1 [--only runtime/orchestration/log.py]

The changes are drawn from a seed. For each, the unit tests that import the module run, the nearest first, in a copy of the tree.
Where these notice nothing, 150 schedules of each simulation run, and then the nearest integration tests. Exit code 1 where a
tenth of the changes or more went unnoticed.
"""

import argparse
import ast
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from scripts.orchestrations import ORCHESTRATIONS
from scripts.paths import ROOT
from tests.mutation.mutations import Mutation, mutations_of
from tests.mutation.nearest import nearest_tests, sources

_LEFT_OUT = ("__pycache__", ".*", "build")
"""What no test of these reads, and grows large."""

_UNIT_FILES, _INTEGRATION_FILES = 12, 3
_SECONDS = 150.0
_MOST_KIB = 6_000_000
"""A change may make a loop without end, which takes all memory."""
_TO_BE_NOTICED = 0.9


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("--mutations", type=int, default=100, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (default: %(default)s)")
    parser.add_argument(
        "--schedules",
        type=int,
        default=150,
        help="of each simulation, where the unit tests notice nothing; 0: none (default: %(default)s)",
    )
    parser.add_argument("--only", default="runtime", help="a file or folder below runtime/ (default: all)")
    options = parser.parse_args(arguments)
    known = [each for path in sources(options.only) for each in mutations_of(ROOT, path)]
    chosen = random.Random(options.seed).sample(known, min(options.mutations, len(known)))
    tests, integration = nearest_tests("tests/unit", _UNIT_FILES), nearest_tests("tests/integration", _INTEGRATION_FILES)
    trees: SimpleQueue[Path] = SimpleQueue()
    noticed, begin = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for number in range(2):
            trees.put(_copy(Path(folder) / str(number)))
        concerned = sorted({test for each in chosen for test in tests[each.path] + integration[each.path]})
        print(f"{len(chosen)} of {len(known)} changes; first the {len(concerned)} test files without any", flush=True)
        broken = _broken(Path(folder) / "0", concerned)
        if broken:
            print(f"these fail without any change, and judge none: {', '.join(sorted(broken))}", flush=True)
        if not _simulates(Path(folder) / "0", options.schedules, ORCHESTRATIONS):
            parser.exit(2, "the simulation fails without any change, or takes too long: see to that first\n")
        print(f"that and the simulations took {time.monotonic() - begin:.0f} s", flush=True)

        def try_one(mutation: Mutation) -> bool:
            tree = trees.get()
            try:
                units, others = ([test for test in kind[mutation.path] if test not in broken] for kind in (tests, integration))
                return is_noticed(tree, mutation, units, others, options.schedules)
            finally:
                trees.put(tree)

        for number, (mutation, was_noticed) in enumerate(zip(chosen, pool.map(try_one, chosen), strict=True), 1):
            noticed += was_noticed
            if not was_noticed:
                print(f"unnoticed: {mutation}", flush=True)
            if number % 10 == 0:
                print(f"{noticed} of {number} noticed after {time.monotonic() - begin:.0f} s", flush=True)
    print(f"{noticed} of {len(chosen)} changes were noticed (seed {options.seed}, of {len(known)} known ones)")
    return 0 if noticed > _TO_BE_NOTICED * len(chosen) else 1


def is_noticed(tree: Path, mutation: Mutation, tests: list[str], integration: list[str], schedules: int) -> bool:
    """Whether a test fails, or has no end, while the tree has the change."""
    file = tree / mutation.path
    before = file.read_text(encoding="utf-8")
    file.write_text(mutation.text(), encoding="utf-8")
    try:
        own = set(ORCHESTRATIONS) & set(Path(mutation.path).parts)
        return (
            not _tests_pass(tree, _SECONDS, tests)
            or not _simulates(tree, schedules, own or ORCHESTRATIONS)
            or not _tests_pass(tree, _SECONDS, integration)
        )
    finally:
        file.write_text(before, encoding="utf-8")


def _broken(tree: Path, tests: list[str]) -> set[str]:
    """Return the test files that fail in a tree without any change."""
    if _passes(tree, 900, "pytest", "-q", "-p", "no:cacheprovider", *tests):
        return set()
    told = (tree / "test.log").read_text(encoding="utf-8")
    return set(re.findall(r"^(?:FAILED|ERROR) ([^: ]+)", told, re.MULTILINE)) or set(tests)


def _copy(tree: Path) -> Path:
    """Copy the repository, with the text of runtime/ as changes have it: without comments."""
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for path in sources("runtime"):
        (tree / path).write_text(ast.unparse(ast.parse((ROOT / path).read_text(encoding="utf-8"))), encoding="utf-8")
    return tree


def _tests_pass(tree: Path, seconds: float, tests: list[str]) -> bool:
    return not tests or _passes(tree, seconds, "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests)


def _simulates(tree: Path, schedules: int, orchestrations: Iterable[str]) -> bool:
    return _passes(tree, _SECONDS, "tests.mutation.schedules", str(schedules), *orchestrations)


def _passes(tree: Path, seconds: float, module: str, *arguments: str) -> bool:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)}
    command = ["sh", "-c", f'ulimit -v {_MOST_KIB}; exec "$@"', "sh", sys.executable, "-m", module, *arguments]
    log = tree / "test.log"
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=tree, env=environment, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
