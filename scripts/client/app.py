"""The client from its arguments to its exit code: read, settle, claim, start, wait, print, tidy up.

A run takes less than a second, so what a plain run doesn't need is imported where it is used.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import program
from scripts.client import cli
from scripts.client.errors import (
    ClientError,
    Interruption,
    RunFailedError,
    StorageError,
    TimedOutError,
    UsageError,
)
from scripts.client.report.console import say, showing, showing_removal
from scripts.client.report.elapsed import since_enter
from scripts.client.report.giving_out import give_out, told_of
from scripts.client.report.output import check_output, parse_result
from scripts.client.running.deadline import patience_seconds
from scripts.client.running.launching import start
from scripts.client.running.preparing import chosen
from scripts.client.running.runs import StartedRun, describe_overdue, find_run
from scripts.client.running.waiting import wait_for_result
from scripts.client.running.watching import Watcher
from scripts.client.stored.cleanup import remove_intermediate
from scripts.client.stored.counters import read_counters, shown
from scripts.client.stored.output import output_of, release_output

if TYPE_CHECKING:
    from scripts.client.aws.clients import Aws
    from scripts.client.stored.steps import Steps


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client; returns its exit code, and prints what went wrong."""
    run: StartedRun | None = None
    try:
        options = cli.parse(arguments)
        if program.output_was_closed():
            raise UsageError("standard output is closed; send it to /dev/null where the counts are not wanted there")
        if options.command not in ("run", "resume"):
            return _command(options)
        output = (
            check_output(options.output, getattr(options, "input", ())) if options.output and not output_of(options) else None
        )
        if (stepped := _stepped(options)) is not None:
            return _finish_steps(options, *stepped, output)
        if options.command == "resume":
            from scripts.client.running.resuming import resume

            run = resume(options)
        else:
            run = find_run(options, options.attach) if options.attach else start(options)
        if options.no_wait:
            _print_id(run)
            return 0
        return _finish(options, run, output)
    except ClientError as error:
        say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted; nothing was started" if run is None else _goes_on(run))
        return Interruption.exit_code


def _command(options: argparse.Namespace) -> int:
    from scripts.client.commands import COMMANDS
    from scripts.client.step_commands import STEP_COMMANDS
    from scripts.client.stored.steps import find_steps

    try:
        if (stepped := find_steps(options, options.run)) is not None:
            STEP_COMMANDS[options.command](options, *stepped)
        else:
            COMMANDS[options.command](options)
    except KeyboardInterrupt:
        again = "" if options.command == "status" else f"; {options.command} may be half done, give it again"
        raise Interruption(f"interrupted{again}") from None
    return 0


def _goes_on(run: StartedRun) -> str:
    return f"interrupted; run {run.run_id} goes on. Attach with: {run.how_to_attach}"


def _finish(options: argparse.Namespace, run: StartedRun, output: Path | None) -> int:
    try:
        body = _wait(options, run)
    except KeyboardInterrupt:
        raise Interruption(_goes_on(run)) from None
    except TimedOutError as error:
        raise TimedOutError(f"{error}; it goes on. Attach with: {run.how_to_attach}") from None
    except RunFailedError as error:
        kept = f"s3://{run.aws.deployment.buckets['results']}/{run.run_id}/, intermediate objects too"
        ways = {"kept": kept, "go on": run.how_to("resume"), "or remove": run.how_to("clean")}
        raise RunFailedError("\n".join([str(error), *(f"  {name + ':':<12}{way}" for name, way in ways.items())])) from None
    _tell(options, run, body, output, partial(read_counters, run.aws.store("results"), run.run_id))
    if not run.keep:
        with _tidying(run), showing_removal(quiet=options.quiet) as tell:
            release_output(run)
            remove_intermediate(run.orchestration, run.destination, run.size, tell)
    return 0


def _tell(
    options: argparse.Namespace, run: StartedRun, body: bytes, output: Path | None, counters: Callable[[], dict[str, int]]
) -> None:
    """Give out the result of a run that is done."""
    took = since_enter()
    try:
        result = parse_result(run.run_id, body)
        give_out(options, run, result, output)
        if not options.quiet:
            say(f"{told_of(run, result)}, in {took:.1f} s (run {run.run_id})")
            _say_counters(run, counters)
    except KeyboardInterrupt:
        raise Interruption(f"interrupted; run {run.run_id} is done, get its counts with: {run.how_to_attach}") from None


def _stepped(options: argparse.Namespace) -> "tuple[Aws, Steps] | None":
    """The run of several steps that is to be begun, or that the options name, with its deployment; None if it is no such run."""
    if options.command == "resume" or options.attach:
        from scripts.client.stored.steps import find_steps

        return find_steps(options, options.run if options.command == "resume" else options.attach)
    try:
        deployment = chosen(options)
    except ClientError:
        return None  # which is told when it is started, after what is wrong with INPUT
    if deployment.job is None:
        return None
    from scripts.client.running.stepping import begin

    return begin(options, deployment)


def _finish_steps(options: argparse.Namespace, aws: "Aws", steps: "Steps", output: Path | None) -> int:
    from scripts.client.running import stepping

    child, body = stepping.lead(options, aws, steps, _wait)
    run = replace(child, run_id=steps.run)
    _tell(options, run, body, output, partial(stepping.counted, aws, steps))
    if not (steps.keep or options.keep):
        with _tidying(run):
            stepping.tidy_up(options, aws, steps)
    return 0


def _wait(options: argparse.Namespace, run: StartedRun, label: str = "") -> bytes:
    with (
        Watcher(run.orchestration, run.size, want_progress=not options.quiet) as watcher,
        showing(lambda: watcher.progress, run.aws.deployment.workflow, quiet=options.quiet, label=label) as tick,
    ):
        is_told = options.quiet

        def looked() -> None:
            nonlocal is_told
            tick()
            if not is_told and run.overdue_since:
                is_told = True
                say(f"note: run {run.run_id} is overdue {describe_overdue(run)}")

        timeout = options.timeout or patience_seconds(run.aws.deployment, run.fan_outs)
        return wait_for_result(run.aws, run.run_id, timeout, lambda: watcher.verdict, looked)


def _say_counters(run: StartedRun, read: Callable[[], dict[str, int]]) -> None:
    try:
        if counters := read():
            say(shown(counters))
    except StorageError as error:
        say(f"note: the counters could not be read: {error}; to see them: {run.how_to('status')}")


def _print_id(run: StartedRun) -> None:
    print(run.run_id)
    if error := program.output_error():
        raise ClientError(f"the run's id could not be printed: {error.strerror}; run {run.run_id} goes on: {run.how_to_attach}")
    if program.output_is_gone():
        say(f"run {run.run_id} goes on, and nobody reads its id. Attach with: {run.how_to_attach}")


@contextmanager
def _tidying(run: StartedRun) -> Iterator[None]:
    """Remove in the body what is not the result. The counts are out already, so whatever goes wrong there is no failure."""
    left = f"what is left of run {run.run_id} expires by itself; to remove it now, with its result: {run.how_to('clean')}"
    try:
        yield
    except StorageError as error:
        say(f"note: not all intermediate objects could be deleted: {error}; {left}")
    except KeyboardInterrupt:
        say(f"note: the clean-up was interrupted; {left}")
