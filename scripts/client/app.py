"""The client from its arguments to its exit code: read, settle, claim, start, wait, print, tidy up."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from scripts import program
from scripts.client import claim, cli
from scripts.client.aws import Aws
from scripts.client.capacity import Capacity, crowding
from scripts.client.claim import Claim
from scripts.client.cleanup import remove_intermediate
from scripts.client.commands import COMMANDS
from scripts.client.console import say, showing, showing_removal
from scripts.client.deadline import patience_seconds, run_deadline
from scripts.client.deployment import Deployment, find_deployments
from scripts.client.elapsed import since_enter
from scripts.client.errors import (
    ClientError,
    Interruption,
    RunFailedError,
    StartError,
    StorageError,
    TimedOutError,
    UsageError,
)
from scripts.client.estimate import estimate, refuse_if_endless
from scripts.client.layout import layout_of, told_to_mappers
from scripts.client.orchestrations import ORCHESTRATIONS
from scripts.client.orchestrations.base import Chunk
from scripts.client.output import check_output, parse_counts, print_json, print_table, summed_up, to_bytes, write_whole
from scripts.client.reading import read_input
from scripts.client.resuming import resume
from scripts.client.runid import new_run_id
from scripts.client.runs import StartedRun, describe_overdue, find_run
from scripts.client.settling import check_destination, settle
from scripts.client.staleness import stale
from scripts.client.waiting import wait_for_result
from scripts.client.watching import Watcher


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client; returns its exit code, and prints what went wrong."""
    run: StartedRun | None = None
    try:
        options = cli.parse(arguments)
        if program.output_was_closed():
            raise UsageError("standard output is closed; send it to /dev/null where the counts are not wanted there")
        if options.command in COMMANDS:
            return _command(options)
        output = check_output(options.output, getattr(options, "input", None)) if options.output else None
        if options.command == "resume":
            run = resume(options)
        else:
            run = find_run(options, options.attach) if options.attach else _start(options)
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
    try:
        COMMANDS[options.command](options)
    except KeyboardInterrupt:
        again = "" if options.command == "status" else f"; {options.command} may be half done, give it again"
        raise Interruption(f"interrupted{again}") from None
    return 0


def _goes_on(run: StartedRun) -> str:
    return f"interrupted; run {run.run_id} goes on. Attach with: {run.how_to_attach}"


def _start(options: argparse.Namespace) -> StartedRun:
    given = read_input(options.input, options.format, options.chunk_bytes, options.chunks)
    aws = Aws.open(_choose(options))
    kind = ORCHESTRATIONS[aws.deployment.orchestration]
    if kind.service:
        aws.warm_up(kind.service)
    capacity = Capacity(aws)
    asked = check_destination(aws, options.destination) if options.destination is not None else None
    layout = layout_of(options.shuffle, aws.deployment)
    told = told_to_mappers(layout, aws.deployment)
    chunks, destination, num_reducer, notices = settle(given.elements, aws.deployment.buckets, asked, options.num_reducer, told)
    run_id = options.run_id or new_run_id()
    orchestration = kind(aws, run_id)
    orchestration.check(chunks)
    texts = [chunk["text"] for chunk in chunks]
    expected = estimate(aws.deployment, texts)
    if not expected.fits:
        # Fewer mappers at once may end in time, one after the other.
        expected = estimate(aws.deployment, texts, capacity.limit(seconds=30))
    if not options.force:
        refuse_if_endless(aws.deployment, expected, max((len(text.encode()) for text in texts), default=0))
    if not options.quiet:
        for notice in filter(None, [*given.notices, *notices, expected.notice, stale(aws.deployment)]):
            say(f"note: {notice}")
    reducers = num_reducer or DEFAULT_NUM_REDUCER
    deadline = run_deadline(aws.deployment, len(chunks), num_reducer)
    run = StartedRun(aws, orchestration, run_id, destination, len(chunks), options.keep, num_reducer, deadline=deadline)
    try:
        claimed = Claim(
            run_id,
            aws.deployment.orchestration,
            len(chunks),
            num_reducer,
            destination,
            options.keep,
            deadline=deadline,
            shuffle=layout,
        )
        claim.take(aws.store("results"), claimed)
        if not options.quiet and (crowded := crowding(aws.deployment, len(chunks), reducers, capacity.limit())):
            say(f"note: {crowded}")
        _launch(run, chunks, attended=not options.no_wait)
    except KeyboardInterrupt:
        raise Interruption(f"interrupted while starting run {run_id}; see whether it runs: {run.how_to_attach}") from None
    if not options.quiet:
        chunks_of = f"{len(chunks)} chunk{'s' * (len(chunks) != 1)}"
        say(f"run {run_id}: {chunks_of}, {aws.deployment}")
    return run


def _launch(run: StartedRun, chunks: list[Chunk], *, attended: bool) -> None:
    """Start the run, or leave nothing of it; unless the request's answer was lost, for then it may run."""
    try:
        if run.orchestration.has_keeper and run.deadline is not None:
            claim.mark(run.aws.store("results"), run.run_id, run.deadline)
        run.orchestration.start(chunks, attended=attended)
    except KeyboardInterrupt:
        if not run.orchestration.starts_piecemeal:
            raise
        _undo(run)
        raise Interruption(f"interrupted while starting run {run.run_id}; what was written of it is removed") from None
    except ClientError as error:
        if isinstance(error, StartError) and not error.certain:
            message = f"{error}; run {run.run_id} may have started, see: {run.how_to_attach}"
            raise StartError(message, certain=False) from error
        _undo(run)
        raise


def _undo(run: StartedRun) -> None:
    try:
        remove_intermediate(run.orchestration, run.destination, run.mappers)
    except ClientError as error:
        say(f"note: what was written for run {run.run_id} could not be removed: {error}")


def _choose(options: argparse.Namespace) -> Deployment:
    found = find_deployments(options.target, options.orchestration, options.prefix, options.region)
    if len(found) > 1:
        told = ("orchestration", "prefix", "region")
        apart = " and ".join(f"--{name}" for name in told if len({getattr(deployment, name) for deployment in found}) > 1)
        if not apart:
            raise UsageError(f"two states hold {found[0].name}: {' and '.join(map(str, found))}; destroy one of them")
        listed = ", ".join(sorted(deployment.name for deployment in found))
        raise UsageError(f"several deployments are there; choose one with {apart}: {listed}")
    if found[0].orchestration not in ORCHESTRATIONS:
        raise UsageError(f"this client can't start {found[0].orchestration}; it knows {', '.join(ORCHESTRATIONS)}")
    return found[0]


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
    took = since_enter()
    try:
        counts = parse_counts(run.run_id, body)
        _print(options, run, counts, output)
        if not options.quiet:
            say(f"{summed_up(counts)}, in {took:.1f} s (run {run.run_id})")
    except KeyboardInterrupt:
        raise Interruption(f"interrupted; run {run.run_id} is done, get its counts with: {run.how_to_attach}") from None
    if not run.keep:
        _tidy_up(run, quiet=options.quiet)
    return 0


def _wait(options: argparse.Namespace, run: StartedRun) -> bytes:
    with (
        Watcher(run.orchestration, run.mappers, want_progress=not options.quiet) as watcher,
        showing(lambda: watcher.progress, run.mappers, quiet=options.quiet) as tick,
    ):
        overdue = _Overdue(run)

        def looked() -> None:
            tick()
            if not options.quiet:
                overdue()

        timeout = options.timeout or patience_seconds(
            run.aws.deployment, run.mappers or 1, run.num_reducer or DEFAULT_NUM_REDUCER
        )
        return wait_for_result(run.aws, run.run_id, timeout, lambda: watcher.verdict, looked)


class _Overdue:
    """Says once that the run is overdue, when it is."""

    def __init__(self, run: StartedRun) -> None:
        self._run, self._said = run, False

    def __call__(self) -> None:
        if not self._said and self._run.overdue_since:
            self._said = True
            say(f"note: run {self._run.run_id} is overdue {describe_overdue(self._run)}")


def _print(options: argparse.Namespace, run: StartedRun, counts: dict[str, int], output: Path | None) -> None:
    if output is not None:
        try:
            write_whole(output, to_bytes(counts))
        except ClientError as error:
            raise ClientError(f"{error}; the counts are kept: {run.how_to_attach} --output FILE") from error
    if options.json:
        print_json(counts)
    else:
        print_table(counts, options.top)
    if problem := program.output_error():
        raise ClientError(f"the counts could not be printed: {problem.strerror}; they are kept: {run.how_to_attach}") from problem


def _print_id(run: StartedRun) -> None:
    print(run.run_id)
    if error := program.output_error():
        raise ClientError(f"the run's id could not be printed: {error.strerror}; run {run.run_id} goes on: {run.how_to_attach}")
    if program.output_is_gone():
        say(f"run {run.run_id} goes on, and nobody reads its id. Attach with: {run.how_to_attach}")


def _tidy_up(run: StartedRun, *, quiet: bool) -> None:
    """Remove what is not the result. The counts are out already, so whatever goes wrong here is no failure."""
    left = f"what is left of run {run.run_id} expires by itself; to remove it now, with its result: {run.how_to('clean')}"
    try:
        with showing_removal(quiet=quiet) as tell:
            remove_intermediate(run.orchestration, run.destination, run.mappers, tell)
    except StorageError as error:
        say(f"note: not all intermediate objects could be deleted: {error}; {left}")
    except KeyboardInterrupt:
        say(f"note: the clean-up was interrupted; {left}")
