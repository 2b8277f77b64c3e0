"""The command that tries a job: its options, and what it prints."""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import replace
from pathlib import Path

from runtime.mapreduce.keys import MAX_NUM_REDUCER
from runtime.mapreduce.user_code import in_folder
from scripts.client.cli import add_output, encoding, whole
from scripts.client.errors import ClientError, Interruption, UsageError
from scripts.client.input.layout import LAYOUTS, PACKED
from scripts.client.input.reading import FORMATS
from scripts.client.report.choice import Choice
from scripts.client.report.console import say
from scripts.client.report.formats import format_of
from scripts.client.report.output import check_output, print_json, print_table, summed_up, to_blocks, write_output
from scripts.client.running.job import settings
from scripts.client.stored.counters import shown as shown_counters
from scripts.inline.engine import Outcome
from scripts.inline.reading import Read, read_contents
from scripts.inline.report import describe, own_traceback
from scripts.inline.steps import run_steps
from scripts.jobs.job import Input, Job, JobError, Step

_FAILED = 1
_PROGRESS_SECONDS = 1.0

_DESCRIPTION = """\
Try a job in one process, in a second: the true mapper, partition, reducer and summary over a store in memory.
Nothing is deployed. Several mappers and reducers take part, also with a small input. What the job prints goes to stderr.
"""

_EPILOG = """\
examples
  scripts/try.sh book.txt                                       the wordcount in functions/
  scripts/try.sh --job samples/jobs/temperatures                a job, with the input that lies in its folder
  scripts/try.sh --job ~/jobs/mine data.txt --param smallest=3  a parameter in the place of job.toml's
  scripts/try.sh --job ~/jobs/mine data.txt --pdb               stop where the job's own code fails

exit codes
  0 done   1 the job failed   2 bad usage, input or job   130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a job; returns the exit code, and prints what went wrong."""
    try:
        return _try(_parser().parse_args(arguments))
    except ClientError as error:
        say(f"error: {error}")
        return error.exit_code
    except JobError as error:
        say(f"error: {error}")
        return UsageError.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return Interruption.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/try.sh",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("input", metavar="INPUT", nargs="*", help="files, folders or - (default: input* in the job's folder)")
    parser.add_argument("--job", metavar="FOLDER", help="user_map.py, user_reduce.py and what they need (default: functions/)")
    parser.add_argument(
        "--param", metavar="NAME=VALUE", action="append", default=[], help="a parameter of the job; may be repeated"
    )
    parser.add_argument("--params", metavar="TEXT", default="", help="several, as NAME=VALUE NAME=VALUE ...")
    parser.add_argument(
        "--format", choices=FORMATS, default="auto", help="take INPUT for this (default: the job's, or told by name)"
    )
    parser.add_argument("--encoding", metavar="NAME", type=encoding, help="of the text (default: the job's, or UTF-8)")
    parser.add_argument(
        "--chunk-bytes", metavar="N", type=whole(1), help="largest chunk, in bytes (default: for at least 4 mappers)"
    )
    parser.add_argument(
        "--num-reducer", metavar="N", type=whole(1, MAX_NUM_REDUCER), help="number of reducers (default: the job's, or 3)"
    )
    parser.add_argument("--shuffle", choices=LAYOUTS, help="layout of the shuffle (default: the job's, or packed)")
    parser.add_argument("--pdb", action="store_true", help="where the job's own code fails, stop there in Python's debugger")
    add_output(parser, also_to_s3=False)
    return parser


def _try(options: argparse.Namespace) -> int:
    job = Job.read(Path(options.job)) if options.job else None
    names = options.input or [_default_input(job)]
    _refuse_what_lies_elsewhere(names, options.output)
    output = check_output(options.output, names) if options.output else None
    if options.pdb and "-" in names:
        raise UsageError("--pdb takes its commands from standard input; give INPUT as a file")
    params = [*options.param, *options.params.split()]
    for step in job.steps if job else (Step(),):
        settings(params, job, step)
    shuffle = options.shuffle or (job and job.shuffle) or PACKED
    chunk_bytes = options.chunk_bytes or (job.chunk_bytes if job else None)
    began = time.monotonic()
    said = job.input if job else Input()
    read = read_contents(names, replace(said, encoding=options.encoding or said.encoding), shuffle, chunk_bytes, options.format)
    for notice in read.notices if not options.quiet else ():
        say(f"note: {notice}")
    with _packages(job):
        outcome = _run(options, job, read, params, shuffle)
    if outcome is None:
        return _FAILED
    _print(options, outcome, output)
    if not options.quiet:
        if outcome.notes.get("combiner"):
            say("note: user_combine was left out, for in the layout objects each emit is an object; --shuffle packed uses it")
        mappers, reducers = outcome.mappers, outcome.reducers
        took_part = f"{mappers} mapper{'s' * (mappers != 1)}, {reducers} reducer{'s' * (reducers != 1)}, {shuffle}"
        say(f"{summed_up(outcome.result)}; {took_part}, in {time.monotonic() - began:.1f} s")
        if outcome.counters:
            say(shown_counters(outcome.counters))
    return 0


def _refuse_what_lies_elsewhere(names: Sequence[str], output: str | None) -> None:
    for name in names:
        if name.startswith(("s3://", "run:")) and not Path(name).exists():
            raise UsageError(f"{name}: a job is tried over files; take a part of it, or start a run: scripts/invoke.sh --help")
    if output and output.startswith("s3://"):
        raise UsageError(f"--output {output}: a job that is tried writes a file; a run writes to S3: scripts/invoke.sh --help")


def _packages(job: Job | None) -> AbstractContextManager[None]:
    if job is None or job.requirements is None:
        return nullcontext()
    from scripts.inline.packages import packages_of

    return packages_of(job)


def _default_input(job: Job | None) -> str:
    if job is None:
        raise UsageError("give INPUT: a file, a folder or -; see --help")
    found = sorted(job.folder.glob("input*"))
    if len(found) != 1:
        raise UsageError(f"give INPUT: {job.folder} has {'several of' if found else 'no'} input*, which would be taken else")
    return str(found[0])


def _run(options: argparse.Namespace, job: Job | None, read: Read, params: list[str], shuffle: str) -> Outcome | None:
    """What came of it; None if the job failed, which is told."""
    began = said = time.monotonic()

    def tell(function: str, number: int, size: int) -> None:
        """Say which function is at work, a second or more apart."""
        nonlocal said
        now = time.monotonic()
        if not options.quiet and now - said >= _PROGRESS_SECONDS:
            said = now
            say(f"{function} {number}/{size}, {now - began:.1f} s")

    steps = tuple(
        replace(step, num_reducer=options.num_reducer or step.num_reducer or read.num_reducer)
        for step in (job.steps if job else (Step(),))
    )
    try:
        # What the job prints, and what a module of it prints when it is imported, must not mix with the result.
        with in_folder(str(job.folder)) if job else nullcontext(), redirect_stdout(sys.stderr):
            return run_steps(
                steps,
                read.contents,
                lambda step: settings(params, job, step).get("params", {}),
                shuffle,
                tell,
            )
    except (Exception, SystemExit) as error:
        say(describe(error))
        if options.pdb:
            import pdb

            pdb.post_mortem(own_traceback(error))
        return None


def _print(options: argparse.Namespace, outcome: Outcome, output: Path | None) -> None:
    choice = Choice.of(options)
    if output is not None:
        write_output(output, to_blocks(outcome.result, choice, format_of(options.output)))
    if options.json:
        print_json(outcome.result, choice)
    else:
        print_table(outcome.result, choice.for_table(outcome.result, choice.matching(outcome.result)))
