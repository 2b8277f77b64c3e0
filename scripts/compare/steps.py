"""The project's other commands, each as a process, and the embedded AWS for as long as the comparison needs it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from scripts import children, paths


class StepFailedError(Exception):
    """A command ended with another exit code than 0; it has said why."""

    def __init__(self, title: str, status: int) -> None:
        super().__init__(f"{title}: exit code {status}")
        self.exit_code = status


def say(text: str, program: str = "compare") -> None:
    """One line of progress, on stderr: stdout is for the table or the JSON."""
    print(f"{program}: {text}", file=sys.stderr, flush=True)


@contextmanager
def deployed(orchestrations: Sequence[str], *, keep_up: bool) -> Iterator[bool]:
    """The embedded AWS with these orchestrations on it, while the body runs, which is told whether it goes on after that.

    Raises:
        StepFailedError: one of the commands did.
    """
    with embedded(keep_up=keep_up) as lasting:
        for number, name in enumerate(orchestrations, 1):
            title = f"terraform apply {number}/{len(orchestrations)}: {name}"
            step(title, "scripts.deploy", "apply", "--unless-current", "--target", "embedded", "--orchestration", name)
        yield lasting


@contextmanager
def embedded(*, keep_up: bool, program: str = "compare") -> Iterator[bool]:
    """The zips and the embedded AWS, while the body runs, which is told whether it goes on after that.

    One that was running before is used and goes on running; one that was started here is stopped, unless `keep_up`.

    Raises:
        StepFailedError: one of the commands did.
    """
    started = False
    try:
        step("the zips", "scripts.package", program=program)
        if _run("scripts.embedded", "status", quiet=True) != 0:
            started = True
            step("the embedded AWS", "scripts.embedded", "up", program=program)
        else:
            say("the embedded AWS runs already, and will go on running, with all that is deployed now", program)
        yield not started or keep_up
    finally:
        if started and not keep_up:
            step("tidying up", "scripts.embedded", "down", program=program)
        elif started:
            say("the embedded AWS goes on running, as asked for; stop it with: make local-down", program)


def step(title: str, module: str, *arguments: str, program: str = "compare") -> None:
    """Run one of the project's commands to its end, and say so.

    Raises:
        StepFailedError: its exit code is not 0.
    """
    say(title, program)
    begin = time.monotonic()
    if status := _run(module, *arguments):
        raise StepFailedError(title, status)
    say(f"{title}: done in {time.monotonic() - begin:.1f} s", program)


def _run(module: str, *arguments: str, quiet: bool = False) -> int:
    """Run one of the project's commands and wait for it; on Ctrl-C it ends first, and tidies up after itself."""
    command = [*children.PYTHON, module, *arguments]
    sinks = (subprocess.DEVNULL, subprocess.DEVNULL) if quiet else (sys.stderr, None)
    process = subprocess.Popen(command, cwd=paths.ROOT, stdin=subprocess.DEVNULL, stdout=sinks[0], stderr=sinks[1])
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
