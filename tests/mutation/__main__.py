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
_AT_ONCE = 2
_NO_FILE = "no file"
_PYTEST = ("pytest", "-q", "-x", "-p", "no:cacheprovider")


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
    judges: SimpleQueue[Judge] = SimpleQueue()
    noticed, begin = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        for number in range(_AT_ONCE):
            judges.put(Judge(_copy(Path(folder) / str(number)), options.schedules))

        def try_one(mutation: Mutation) -> bool:
            judge = judges.get()
            try:
                return judge.notices(mutation)
            finally:
                judges.put(judge)

        for number, (mutation, was_noticed) in enumerate(zip(chosen, pool.map(try_one, chosen), strict=True), 1):
            noticed += was_noticed
            if not was_noticed:
                print(f"unnoticed: {mutation}", flush=True)
            if number % 10 == 0:
                print(f"{noticed} of {number} noticed after {time.monotonic() - begin:.0f} s", flush=True)
        broken = set().union(*(judges.get().broken for _ in range(_AT_ONCE)))
    if broken:
        print(f"these fail without any change, and judged none: {', '.join(sorted(broken))}")
    print(f"{noticed} of {len(chosen)} changes were noticed (seed {options.seed}, of {len(known)} known ones)")
    return 0 if noticed > _TO_BE_NOTICED * len(chosen) else 1


class Judge:
    """Tries changes in a copy of the repository, one at a time.

    Attributes:
        broken: test files that fail there without any change.
    """

    def __init__(self, tree: Path, schedules: int) -> None:
        self.broken: set[str] = set()
        self._tree, self._schedules = tree, schedules
        self._sound = {_NO_FILE}
        self._unit = nearest_tests("tests/unit", _UNIT_FILES)
        self._integration = nearest_tests("tests/integration", _INTEGRATION_FILES)

    def notices(self, mutation: Mutation) -> bool:
        """Whether a test that passes otherwise fails, or has no end, while the tree has the change."""
        file = self._tree / mutation.path
        before = file.read_text(encoding="utf-8")
        while True:
            file.write_text(mutation.text(), encoding="utf-8")
            try:
                failing = self._failing(mutation.path)
            finally:
                file.write_text(before, encoding="utf-8")
            if failing is None or failing in self._sound or self._passes(*_PYTEST, failing):
                self._sound |= {failing} if failing else set()
                return failing is not None
            self.broken.add(failing)

    def _failing(self, path: str) -> str | None:
        """The first test file that fails; _NO_FILE where a run has no end or the simulation fails; None if all is well."""
        own = set(ORCHESTRATIONS) & set(Path(path).parts) or ORCHESTRATIONS
        return (
            self._failing_of(self._unit[path])
            or (None if self._passes("tests.mutation.schedules", str(self._schedules), *own) else _NO_FILE)
            or self._failing_of(self._integration[path])
        )

    def _failing_of(self, tests: list[str]) -> str | None:
        judging = [test for test in tests if test not in self.broken]
        if not judging or self._passes(*_PYTEST, *judging):
            return None
        told = re.search(r"^(?:FAILED|ERROR) ([^:\s]+)", self._log.read_text(encoding="utf-8"), re.MULTILINE)
        return told[1] if told else _NO_FILE

    @property
    def _log(self) -> Path:
        return self._tree / "test.log"

    def _passes(self, module: str, *arguments: str) -> bool:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self._tree)}
        command = ["sh", "-c", f'ulimit -v {_MOST_KIB}; exec "$@"', "sh", sys.executable, "-m", module, *arguments]
        with (
            self._log.open("w") as log,
            subprocess.Popen(command, cwd=self._tree, env=environment, stdout=log, stderr=log, start_new_session=True) as process,
        ):
            try:
                return process.wait(_SECONDS) == 0
            except subprocess.TimeoutExpired:
                return False
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def _copy(tree: Path) -> Path:
    """Copy the repository, with the text of runtime/ as changes have it: without comments."""
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for path in sources("runtime"):
        (tree / path).write_text(ast.unparse(ast.parse((ROOT / path).read_text(encoding="utf-8"))), encoding="utf-8")
    return tree


if __name__ == "__main__":
    sys.exit(main())
