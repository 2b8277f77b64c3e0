"""The command line: options, and what can be said of them before anything is read."""

import argparse
import math
import re
import sys
from collections.abc import Callable, Sequence

from runtime.mapreduce.keys import MAX_NUM_REDUCER
from runtime.mapreduce.ranged.encodings import EncodingError, known
from scripts.client import __version__
from scripts.client.errors import UsageError
from scripts.client.input.layout import LAYOUTS
from scripts.client.input.reading import FORMATS
from scripts.client.orchestrations import ORCHESTRATIONS
from scripts.client.report.choice import ORDERS, TABLE_ROWS
from scripts.client.running.run_id import check_run_id

_PROGRAM = "scripts/invoke.sh"

_EPILOG = f"""\
INPUT is one or more of
  a JSON file    {{"data": [{{"text": ..., "destination": ..., "numReducer": ...}}, ...]}}, the bare array, or an array of strings
  a text file    cut into chunks at line ends (a line longer than a chunk: at whitespace, which is said)
  a folder       all files below it, as text, in the order of their paths; links are followed, names with a leading dot left out
  a pattern      such as 'logs/**/*.gz', for the files whose names match; a shell that expands it gives the same
  s3://...       an object, all objects below a prefix (s3://bucket/logs/), or those whose keys begin so (s3://bucket/logs/2026-*);
                 the mappers read them there, after a deployment with VARS='input_buckets=["bucket"]'
  run:RUN        what another run has made, as records ["word", value]: the mappers read its parts, if it has written them to S3
  -              standard input: JSON if it begins with {{ or [, else text
Files may be compressed with gzip, bzip2 or zstd, whatever they are called, and in UTF-16 with a mark in front. JSON comes alone.
--format csv, jsonl and lines are records, which no chunk cuts: records(text, source) of runtime.mapreduce gives them to a map.

examples
  {_PROGRAM} book.txt                                  the 20 most frequent words
  {_PROGRAM} book.txt --chunks 8 --output counts.json  cut into 8 chunks; all counts into a file
  {_PROGRAM} chunks.json --num-reducer 5 --json        all counts on stdout
  {_PROGRAM} book.txt --output top.csv --sort value --top 100 --filter '^[a-z]+$'
  cat *.txt | {_PROGRAM} - --top 5
  {_PROGRAM} book.txt --shuffle packed                 one object for each mapper, not for each word
  {_PROGRAM} --attach 20260102T030405678-9f86d081e2    wait for a run that was started before

more commands, each with a --help of its own
  {_PROGRAM} status RUN    where a run stands
  {_PROGRAM} resume RUN    go on with a run that failed or was cancelled
  {_PROGRAM} cancel RUN    stop a run
  {_PROGRAM} clean RUN     remove all that there is of a run

exit codes
  0 done   1 the run failed   2 bad usage or input   3 timed out (the run goes on)   4 nothing deployed
  130 interrupted   129 its terminal was closed   143 terminated (a run that has begun goes on)
"""


COMMANDS = {
    "run": "Count words: start a run on what is deployed, wait for it, print the counts.",
    "status": "Say where a run stands, stage by stage.",
    "resume": "Go on with a run that has failed or was cancelled, from what it has stored. Mend the cause first.",
    "cancel": "Stop a run: its functions do nothing any more. It can be resumed.",
    "clean": "Remove all that there is of a run that has ended: its result, its failure, its intermediate objects.",
}
"""What the first argument may say. Without such a word it is a run; a file of such a name is ./status, ./resume, ..."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options; `command` is one of COMMANDS.

    Raises:
        UsageError: two of them exclude each other, or INPUT is missing.
        SystemExit: argparse has printed help or what is wrong (code 2).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = given.pop(0) if given[:1] and given[0] in COMMANDS else "run"
    options = _parser(command).parse_args([command, *given])
    if command != "run":
        options.run = check_run_id(options.run)
    _CHECKS.get(command, _check_orchestration)(options)
    return options


def _parser(chosen: str) -> argparse.ArgumentParser:
    """A subparser for each command. Only the chosen one gets its options, since the others' would take longer than a request."""
    parser = argparse.ArgumentParser(prog=_PROGRAM, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command")
    for command, description in COMMANDS.items():
        is_run = command == "run"
        added = commands.add_parser(
            command,
            prog=_PROGRAM if is_run else f"{_PROGRAM} {command}",
            description=description,
            epilog=_EPILOG if is_run else None,
            formatter_class=argparse.RawDescriptionHelpFormatter if is_run else argparse.HelpFormatter,
            allow_abbrev=False,
        )
        if command == chosen:
            _OPTIONS[command](added)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="INPUT", nargs="*", help="what to count; see below")
    parser.add_argument("--input", metavar="INPUT", dest="more", action="append", default=[], help="the same, as an option")
    parser.add_argument("--attach", metavar="RUN", help="wait for a run that was started before, in place of INPUT")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")

    reading = parser.add_argument_group("input")
    reading.add_argument(
        "--format",
        choices=FORMATS,
        default="auto",
        help="take INPUT for this (default: JSON if name or beginning says so, else text)",
    )
    reading.add_argument(
        "--encoding", metavar="NAME", type=encoding, help="of the text, such as latin-1 (default: UTF-8, or UTF-16 with a mark)"
    )
    size = reading.add_mutually_exclusive_group()
    size.add_argument("--chunk-bytes", metavar="N", type=whole(1), help="largest chunk, in bytes (default: what fits)")
    size.add_argument("--chunks", metavar="N", type=whole(1), help="cut into about N chunks of even size")
    reading.add_argument(
        "--num-reducer",
        metavar="N",
        type=whole(1, MAX_NUM_REDUCER),
        help="number of reducers (default: what the input says, else 3, or what fits the input's size with --shuffle packed)",
    )
    reading.add_argument(
        "--destination",
        metavar="BUCKET[/PREFIX]",
        help="where mappers emit to (default: what the input says if it is a bucket of the deployment, else its shuffle bucket)",
    )

    parser.set_defaults(chosen=None, step=None, header=None, multiline=None)  # what is found out later
    run = parser.add_argument_group("run")
    _add_where(run)
    run.add_argument(
        "--shuffle",
        choices=LAYOUTS,
        help="how pairs travel from mappers to reducers: objects (one object for each emit) or packed (one for each mapper, "
        "much faster and cheaper); default: the deployment's",
    )
    run.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        help="a value for param(NAME) in the job's code, in place of the one in job.toml: JSON, or else text; may be given again",
    )
    run.add_argument("--run-id", metavar="ID", help="default: made from time and randomness")
    run.add_argument(
        "--force",
        action="store_true",
        help="start the run even if its mappers can't end in time by the number of words: for a map that emits few",
    )
    _add_waiting(run)
    add_output(parser)


def _add_resume(parser: argparse.ArgumentParser) -> None:
    _add_run_id(parser)
    parser.add_argument("--force", action="store_true", help="also a run that has not failed: what is missing is begun again")
    _add_waiting(parser)
    add_output(parser)


def _add_status(parser: argparse.ArgumentParser) -> None:
    _add_run_id(parser)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _add_run_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the id that was printed when it started")
    parser.set_defaults(keep=False)
    _add_where(parser)


_OPTIONS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "run": _add_run,
    "status": _add_status,
    "resume": _add_resume,
    "cancel": _add_run_id,
    "clean": _add_run_id,
}


def _add_where(group: argparse._ActionsContainer) -> None:
    group.add_argument("--orchestration", metavar="NAME", help=f"which one, if several are deployed: {', '.join(ORCHESTRATIONS)}")
    group.add_argument("--prefix", metavar="NAME", help="the one deployed with this prefix, if several are")
    group.add_argument("--region", metavar="NAME", help="the one in this region, if several are")
    group.add_argument("--job", metavar="JOB", help="the one of this job, given its folder or its name, if several are")
    group.add_argument(
        "--target", choices=("auto", "embedded", "aws"), default="auto", help="default: the embedded AWS if it is up"
    )


def _add_waiting(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        help="how long to wait (default: as long as the run may last by the functions' time limits and all their attempts)",
    )
    group.add_argument("--no-wait", action="store_true", help="start the run, print its id, and end")
    group.add_argument("--keep", action="store_true", help="keep intermediate objects (default: deleted after success)")


def add_output(parser: argparse.ArgumentParser, *, also_to_s3: bool = True) -> None:
    """The options that say what becomes of the result; `also_to_s3` if it may go there."""
    s3 = (
        ". In S3 the reducers write sorted parts, then come manifest.json and, last, _SUCCESS: for results of any size. The "
        "prefix must be empty, and the bucket one of the deployment's output_buckets"
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--output",
        metavar="FILE or s3://BUCKET/PREFIX/" if also_to_s3 else "FILE",
        help="write all words to this file, whole or not at all, in the format of its ending: .json (also where it has none), "
        f".jsonl (a line for each word: [word, value]), .csv, .tsv, or .parquet (needs pyarrow){s3 * also_to_s3}",
    )
    output.add_argument("--json", action="store_true", help="print all words as JSON in place of the table")
    output.add_argument(
        "--filter",
        metavar="REGEX",
        type=_regex,
        help="only words in which this Python regular expression is found: in the table, in --json and in the file",
    )
    output.add_argument(
        "--sort",
        choices=ORDERS,
        help="order table, --json and file by word (key) or with the greatest value first (value); "
        "default: the table by value, the others by word",
    )
    output.add_argument(
        "--top",
        metavar="N",
        type=whole(0),
        help=f"rows of the table (default: {TABLE_ROWS}); with --sort, --json and the file hold no more than these, either",
    )
    output.add_argument("--quiet", action="store_true", help="no progress and no notices on stderr, only errors")


def _check_run(options: argparse.Namespace) -> None:
    options.input += options.more
    if (not options.input) == (options.attach is None):
        raise UsageError(f"give INPUT or --attach RUN, one of the two; see {_PROGRAM} --help")
    if "" in options.input:
        raise UsageError("INPUT is an empty name; is a shell variable unset?")
    if options.attach is not None:
        options.attach = check_run_id(options.attach)
        made_at_start = ("run_id", "chunk_bytes", "chunks", "num_reducer", "destination", "shuffle", "param", "force", "no_wait")
        if given := [name for name in made_at_start if getattr(options, name)]:
            shown = ", ".join("--" + name.replace("_", "-") for name in given)
            raise UsageError(f"{shown} can't be used with --attach: that run was started already")
    if options.run_id is not None:
        options.run_id = check_run_id(options.run_id)
    _check_waiting(options)


def _check_orchestration(options: argparse.Namespace) -> None:
    if options.orchestration is not None and options.orchestration not in ORCHESTRATIONS:
        raise UsageError(f"unknown orchestration {options.orchestration!r}; known are {', '.join(ORCHESTRATIONS)}")


def _check_waiting(options: argparse.Namespace) -> None:
    _check_orchestration(options)
    if options.output == "":
        raise UsageError("--output is an empty name; is a shell variable unset?")
    in_s3 = (options.output or "").startswith("s3://")
    if in_s3 and (options.command == "resume" or options.attach is not None):
        raise UsageError(f"--output {options.output} can't be used: a run is told of an output in S3 when it starts")
    if in_s3 and (options.filter is not None or options.sort):
        raise UsageError("--filter and --sort can't be used with an output in S3, whose parts hold all words in their order")
    if options.no_wait and ((options.output and not in_s3) or options.json):
        raise UsageError("--no-wait ends before there are counts; leave out --output and --json, and get them with --attach")


_CHECKS = {"run": _check_run, "resume": _check_waiting}


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{value} is not {f'from {least} to {most}' if most else f'{least} or more'}")
        return value

    return convert


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None


def encoding(text: str) -> str:
    """The name of an encoding of text, as an option's type."""
    try:
        known(text)
    except EncodingError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value
