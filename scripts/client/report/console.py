"""What the user reads on stderr while the client works: notices, and progress that suits a terminal or a log file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scripts.client.orchestrations import Progress
from scripts.client.report.escaping import visible
from scripts.workflow import Workflow

_LINE_SECONDS = 1.0
_REMOVAL_SECONDS = 5.0


def say(text: str) -> None:
    """Lines on stderr, whatever its encoding can show, with nothing that a terminal could act on; none if it is closed."""
    if sys.stderr is not None:
        print(_showable(text, sys.stderr.encoding), file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Lines on stdout, likewise."""
    print(_showable(text, sys.stdout.encoding))


def _showable(text: str, encoding: str | None) -> str:
    text = "\n".join(visible(line) for line in text.split("\n"))
    return text.encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")


@contextmanager
def showing(
    progress: Callable[[], Progress], workflow: Workflow, *, quiet: bool, label: str = ""
) -> Iterator[Callable[[], None]]:
    """Show progress, behind a label, until the body ends. The body calls what it is given as often as it likes."""
    began = time.monotonic()
    if quiet:
        yield lambda: None
    elif sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("") as status:
            yield lambda: status.update(f"{label}{describe(progress(), workflow)}, {time.monotonic() - began:.0f} s")
    else:
        yield _Lines(progress, workflow, began, label)


@contextmanager
def showing_removal(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how many intermediate objects are removed, once that takes longer than a moment. The body calls what it is given."""
    began = time.monotonic()
    if quiet:
        yield lambda found, removed: None
        return
    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("") as status:
            yield lambda found, removed: status.update(f"{_removing(found, removed)}, {time.monotonic() - began:.0f} s")
        return
    shown = began + _LINE_SECONDS - _REMOVAL_SECONDS

    def tell(found: int, removed: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _REMOVAL_SECONDS:
            shown = now
            say(f"{_removing(found, removed)}, {now - began:.1f} s")

    yield tell


def _removing(found: int, removed: int) -> str:
    return f"removing intermediate objects: {removed:,} are gone, {found:,} were found so far"


class _Lines:
    """A line at each change, and one second or more apart."""

    def __init__(self, progress: Callable[[], Progress], workflow: Workflow, began: float, label: str) -> None:
        self._progress, self._workflow, self._began = progress, workflow, began
        self._shown, self._shown_at, self._label = "", float("-inf"), label

    def __call__(self) -> None:
        now = time.monotonic()
        progress = self._progress()
        if not progress.returned and now - self._began < _LINE_SECONDS:
            return  # nothing is known yet, and a small run has ended before anything is
        text = describe(progress, self._workflow)
        if text != self._shown and now - self._shown_at >= _LINE_SECONDS:
            self._shown, self._shown_at = text, now
            say(f"{self._label}{text}, {now - self._began:.1f} s")


def describe(progress: Progress, workflow: Workflow) -> str:
    """`mapper 3/6, reducer 0/?`: the fan-outs, or all functions where there is none; what is unknown is a question mark."""
    shown = []
    for function in workflow.branches or workflow.order:
        returned = progress.returned.get(function, "?")
        shown.append(f"{function} {returned}/{progress.sizes.get(function, '?') if workflow.branches else 1}")
    return ", ".join(shown)
