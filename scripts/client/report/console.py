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
    with _telling(_LINE_SECONDS, quiet=quiet) as tell:

        def tick() -> None:
            found = progress()
            tell(f"{label}{describe(found, workflow)}", bool(found.returned))

        yield tick


@contextmanager
def showing_removal(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how many intermediate objects are removed, once that takes longer than a moment. The body calls what it is given."""
    with _telling(_REMOVAL_SECONDS, quiet=quiet) as tell:
        yield lambda found, removed: tell(
            f"removing intermediate objects: {removed:,} are gone, {found:,} were found so far", False
        )


@contextmanager
def _telling(seconds: float, *, quiet: bool) -> Iterator[Callable[[str, bool], None]]:
    """Show what the body is at work on: on a terminal in one line, else a line for each change, so many seconds or more apart.

    The body tells it as often as it likes, and whether it is worth a line at once: what has ended after a moment needs none.
    """
    began = time.monotonic()
    shown, shown_at = "", float("-inf")

    def tell(text: str, at_once: bool) -> None:
        nonlocal shown, shown_at
        now = time.monotonic()
        if (at_once or now - began >= _LINE_SECONDS) and text != shown and now - shown_at >= seconds:
            shown, shown_at = text, now
            say(f"{text}, {now - began:.1f} s")

    if quiet:
        yield lambda text, at_once: None
    elif sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("") as status:
            yield lambda text, at_once: status.update(f"{text}, {time.monotonic() - began:.0f} s")
    else:
        yield tell


def describe(progress: Progress, workflow: Workflow) -> str:
    """`mapper 3/6, reducer 0/?`: the fan-outs, or all functions where there is none; what is unknown is a question mark."""
    shown = []
    for function in workflow.branches or workflow.order:
        returned = progress.returned.get(function, "?")
        shown.append(f"{function} {returned}/{progress.sizes.get(function, '?') if workflow.branches else 1}")
    return ", ".join(shown)
