"""The command line: options, and what can be said of them before anything is read."""

import argparse
import math
from collections.abc import Callable, Sequence

from runtime.mapreduce.keys import MAX_NUM_REDUCER
from scripts.client import __version__
from scripts.client.errors import UsageError
from scripts.client.orchestrations import ORCHESTRATIONS
from scripts.client.runid import check_run_id

_PROGRAM = "scripts/invoke.sh"

_DESCRIPTION = "Count words: start a run on what is deployed, wait for it, print the counts."

_EPILOG = f"""\
INPUT is one of
  a JSON file    {{"data": [{{"text": ..., "destination": ..., "numReducer": ...}}, ...]}}, the bare array, or an array of strings
  a text file    cut into chunks at whitespace
  a folder       all files below it, as text, in the order of their paths (names with a leading dot left out)
  -              standard input: JSON if it begins with {{ or [, else text

examples
  {_PROGRAM} book.txt                                  the 20 most frequent words
  {_PROGRAM} book.txt --chunks 8 --output counts.json  cut into 8 chunks; all counts into a file
  {_PROGRAM} chunks.json --num-reducer 5 --json        all counts on stdout
  cat *.txt | {_PROGRAM} - --top 5
  {_PROGRAM} --attach 20260102T030405678-9f86d081e2    wait for a run that was started before

exit codes
  0 done   1 the run failed   2 bad usage or input   3 timed out (the run goes on)   4 nothing deployed   130 interrupted
"""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options.

    Raises:
        UsageError: two of them exclude each other, or INPUT is missing.
        SystemExit: argparse has printed help or what is wrong (code 2).
    """
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("input", metavar="INPUT", nargs="?", help="what to count; see below")
    parser.add_argument("--attach", metavar="RUN", help="wait for a run that was started before, in place of INPUT")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")

    reading = parser.add_argument_group("input")
    reading.add_argument(
        "--format",
        choices=("auto", "json", "text"),
        default="auto",
        help="take INPUT for this (default: told by name or beginning)",
    )
    size = reading.add_mutually_exclusive_group()
    size.add_argument("--chunk-bytes", metavar="N", type=_whole(1), help="largest chunk, in bytes (default: 65536)")
    size.add_argument("--chunks", metavar="N", type=_whole(1), help="cut into about N chunks of even size")
    reading.add_argument(
        "--num-reducer",
        metavar="N",
        type=_whole(1, MAX_NUM_REDUCER),
        help="number of reducers (default: what the input says, else 3)",
    )
    reading.add_argument(
        "--destination",
        metavar="BUCKET[/PREFIX]",
        help="where mappers emit to (default: what the input says if it is a bucket of the deployment, else its shuffle bucket)",
    )

    run = parser.add_argument_group("run")
    run.add_argument(
        "--orchestration",
        metavar="NAME",
        help=f"which one, if several are deployed: {', '.join(ORCHESTRATIONS)}",
    )
    run.add_argument(
        "--target",
        choices=("auto", "embedded", "aws"),
        default="auto",
        help="default: the embedded AWS if it is up",
    )
    run.add_argument("--run-id", metavar="ID", help="default: made from time and randomness")
    run.add_argument("--timeout", metavar="SECONDS", type=_seconds, default=900.0, help="how long to wait (default: 900)")
    run.add_argument("--no-wait", action="store_true", help="start the run, print its id, and end")
    run.add_argument("--keep", action="store_true", help="keep intermediate objects (default: deleted after success)")

    output = parser.add_argument_group("output")
    output.add_argument("--output", metavar="FILE", help="write all counts to this JSON file, whole or not at all")
    output.add_argument("--json", action="store_true", help="print all counts as JSON in place of the table")
    output.add_argument("--top", metavar="N", type=_whole(0), default=20, help="rows of the table (default: 20)")
    output.add_argument("--quiet", action="store_true", help="no progress and no notices on stderr, only errors")

    options = parser.parse_args(arguments)
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    if (options.input is None) == (options.attach is None):
        raise UsageError(f"give INPUT or --attach RUN, one of the two; see {_PROGRAM} --help")
    for name, value in (("INPUT", options.input), ("--output", options.output)):
        if value == "":
            raise UsageError(f"{name} is an empty name; is a shell variable unset?")
    if options.orchestration is not None and options.orchestration not in ORCHESTRATIONS:
        raise UsageError(f"unknown orchestration {options.orchestration!r}; known are {', '.join(ORCHESTRATIONS)}")
    if options.attach is not None:
        options.attach = check_run_id(options.attach)
        made_at_start = ("run_id", "chunk_bytes", "chunks", "num_reducer", "destination", "no_wait")
        if given := [name for name in made_at_start if getattr(options, name)]:
            shown = ", ".join("--" + name.replace("_", "-") for name in given)
            raise UsageError(f"{shown} can't be used with --attach: that run was started already")
    if options.run_id is not None:
        options.run_id = check_run_id(options.run_id)
    if options.no_wait and (options.output or options.json):
        raise UsageError("--no-wait ends before there are counts; leave out --output and --json, and get them with --attach")


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{value} is not {f'from {least} to {most}' if most else f'{least} or more'}")
        return value

    return convert


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value
