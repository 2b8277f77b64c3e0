"""The project's commands as steps of a longer one (demo, compare, bench), and the embedded AWS for as long as that needs it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from scripts import children, paths


class StepFailedError(Exception):
    """A command ended with another exit code than 0; it has said why."""

    def __init__(self, title: str, status: int) -> None:
        super().__init__(f"{title}: exit code {status}")
        self.exit_code = status


@dataclass(frozen=True)
class Steps:
    """The steps of one command.

    Attributes:
        program: its name, with which each line about a step begins.
        has_results: whether its stdout is for results alone; then its lines, and all that the steps print, go to stderr.
    """

    program: str
    has_results: bool = True

    def say(self, text: str) -> None:
        """Print one line of progress."""
        print(f"{self.program}: {text}", file=sys.stderr if self.has_results else sys.stdout, flush=True)

    def run(self, title: str, module: str, *arguments: str) -> None:
        """Run one of the project's commands to its end, and say so. Raises StepFailedError: its exit code is not 0."""
        self.say(title)
        begin = time.monotonic()
        if status := _run(module, *arguments, stdout_to=2 if self.has_results else 1):
            raise StepFailedError(title, status)
        self.say(f"{title}: done in {time.monotonic() - begin:.1f} s")

    @contextmanager
    def embedded(
        self, *, keep_up: bool = False, packaging: Sequence[str] = (), numbers: tuple[str, str] = ("", "")
    ) -> Iterator[bool]:
        """The zips and the embedded AWS, while the body runs, which is told whether it goes on after that.

        One that was running before is used and goes on running; one that was started here is stopped, unless `keep_up`.
        `packaging` are options of packaging, and `numbers` stands before the two steps' titles.

        Raises:
            StepFailedError: one of the commands did.
        """
        started = False
        try:
            self.run(numbers[0] + "the zips", "scripts.package", *packaging)
            if _run("scripts.embedded", "status", stdout_to=subprocess.DEVNULL) != 0:
                started = True
                self.run(numbers[1] + "the embedded AWS", "scripts.embedded", "up")
            else:
                self.say(numbers[1] + "the embedded AWS runs already, and will go on running, with all that is deployed now")
            yield not started or keep_up
        finally:
            if started and not keep_up:
                self.run("tidying up", "scripts.embedded", "down")
            elif started:
                self.say("the embedded AWS goes on running, as asked for; stop it with: make local-down")


def _run(module: str, *arguments: str, stdout_to: int) -> int:
    """Run one of the project's commands and wait for it; after Ctrl-C it ends first, and tidies up after itself.

    `stdout_to` is a descriptor of this process, or DEVNULL, which is for its stderr as well.
    """
    stderr_to = stdout_to if stdout_to == subprocess.DEVNULL else None
    # A command whose stdout is the user's may read its stdin too: it is the demo's run.
    stdin = None if stdout_to == 1 else subprocess.DEVNULL
    command = [*children.PYTHON, module, *arguments]
    process = subprocess.Popen(command, cwd=paths.ROOT, stdin=stdin, stdout=stdout_to, stderr=stderr_to)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
