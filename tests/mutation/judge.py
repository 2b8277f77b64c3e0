"""Tells whether a test notices a change, in a copy of the repository."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from scripts.orchestrations import ORCHESTRATIONS
from scripts.paths import ROOT
from tests.mutation.mutations import Mutation
from tests.mutation.nearest import nearest_tests, sources

_LEFT_OUT = ("__pycache__", ".*", "build")
"""What no test of these reads, and grows large."""

_OF_ALL_MODULES = "tests/unit/orchestration/test_ledgers.py"
"""Runs the functions under all orchestrations, in two seconds, and so reaches nearly every module."""

_UNIT_FILES, _INTEGRATION_FILES = 12, 3
_TEST_SECONDS, _SECONDS = 120, 600.0
"""How long a test may take, and how long one run of many may. A change may make either have no end, and a machine may be busy."""

_MOST_KIB = 6_000_000
"""A change may make a loop without end, which takes all memory."""

_FAILED = re.compile(r"^\d+ (?:failed|error)[^\n]* in [\d.]+s", re.MULTILINE)
"""The last line of pytest."""

_NO_FILE = "no file"
_PYTEST = ("pytest", "-q", "-x", "-p", "no:cacheprovider", "-o", f"timeout={_TEST_SECONDS}")


class Stopped(Exception):
    """Somebody does not want to know any more."""


class Judge:
    """Tries changes in a copy of the repository, one at a time.

    Attributes:
        broken: test files that fail there without any change.
    """

    def __init__(self, tree: Path, schedules: int) -> None:
        self.broken: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        self._tree, self._schedules = tree, schedules
        self._sound = {_NO_FILE}
        self._unit = nearest_tests("tests/unit", _UNIT_FILES)
        self._integration = nearest_tests("tests/integration", _INTEGRATION_FILES)

    def notices(self, mutation: Mutation) -> bool:
        """Whether a test that passes otherwise fails, or has no end, while the tree has the change. Raises Stopped."""
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

    def stop(self) -> None:
        """End what runs; nothing more begins."""
        self._stopped.set()
        if self._process is not None:
            _kill(self._process)

    def _failing(self, path: str) -> str | None:
        """The first test file that fails; _NO_FILE where a run has no end or the simulation fails; None if all is well."""
        own = set(ORCHESTRATIONS) & set(Path(path).parts) or ORCHESTRATIONS
        return (
            self._failing_of(list(dict.fromkeys([*self._unit[path], _OF_ALL_MODULES])))
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
            self._process = process
            try:
                if self._stopped.is_set():
                    raise Stopped
                passed = self._await(process)
            finally:
                _kill(process)
        if self._stopped.is_set():
            raise Stopped
        return passed

    def _await(self, process: "subprocess.Popen[bytes]") -> bool:
        """Whether a process ends well and in time. One that has told of a failure may hang at its end, in a thread."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            try:
                return process.wait(1) == 0
            except subprocess.TimeoutExpired:
                if _FAILED.search(self._log.read_text(encoding="utf-8", errors="replace")):
                    return False
        return False


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process, and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def copy_of_the_repository(tree: Path) -> Path:
    """Copy the repository, with the text of runtime/ as changes have it: without comments."""
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for path in sources("runtime"):
        (tree / path).write_text(ast.unparse(ast.parse((ROOT / path).read_text(encoding="utf-8"))), encoding="utf-8")
    return tree
