"""Starting a run: choose where, read the input, settle what each mapper is given, claim the id, start."""

import argparse
from collections.abc import Sequence
from functools import cache

from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from scripts.client.aws.capacity import Capacity, crowding
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment, find_deployments
from scripts.client.errors import ClientError, Interruption, StartError, UsageError
from scripts.client.input.layout import OBJECTS, layout_of, told_to_mappers
from scripts.client.input.reading import Input, read_input
from scripts.client.input.settling import check_destination, settle
from scripts.client.input.sizing import Sizing, bytes_shown, utf8_bytes
from scripts.client.orchestrations import ORCHESTRATIONS
from scripts.client.orchestrations.base import Chunk
from scripts.client.report.console import say
from scripts.client.running.deadline import run_deadline
from scripts.client.running.run_id import new_run_id
from scripts.client.running.runs import StartedRun
from scripts.client.stored import claim
from scripts.client.stored.claim import Claim
from scripts.client.stored.cleanup import remove_intermediate


def start(options: argparse.Namespace) -> StartedRun:
    """Start a run of what the options say.

    Raises:
        UsageError, InputError: it can't be started so; nothing was.
        NothingDeployedError: there is nowhere to start it.
        StorageError, StartError: it could not be started.
        Interruption: Ctrl-C came when it may have been started.
    """
    choose = cache(lambda: _choose(options))  # once the input is found to be there
    given = read_input(
        options.input,
        options.format,
        options.chunk_bytes,
        options.chunks,
        lambda text_bytes: _sizing(options, choose()).chunk_bytes(text_bytes),
    )
    aws = Aws.open(choose())
    kind = ORCHESTRATIONS[aws.deployment.orchestration]
    if kind.service:
        aws.warm_up(kind.service)
    capacity = Capacity(aws)
    asked = check_destination(aws, options.destination) if options.destination is not None else None
    sizing = _sizing(options, aws.deployment)
    chunks, destination, num_reducer, notices = settle(
        given.elements,
        aws.deployment.buckets,
        asked,
        options.num_reducer,
        told_to_mappers(sizing.layout, aws.deployment),
        sizing.reducers(element.text for element in given.elements),
    )
    run_id = options.run_id or new_run_id()
    orchestration = kind(aws, run_id)
    orchestration.check(chunks)
    if sizing.layout == OBJECTS and (expected := _estimated(aws.deployment, capacity, chunks, force=options.force)):
        notices = [*notices, expected]
    if not options.quiet:
        for notice in [*given.notices, *notices]:
            say(f"note: {notice}")
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
            shuffle=sizing.layout,
        )
        claim.take(aws.store("results"), claimed)
        reducers = num_reducer or DEFAULT_NUM_REDUCER
        if not options.quiet and (crowded := crowding(aws.deployment, len(chunks), reducers, capacity.limit())):
            say(f"note: {crowded}")
        _launch(run, chunks, attended=not options.no_wait)
    except KeyboardInterrupt:
        raise Interruption(f"interrupted while starting run {run_id}; see whether it runs: {run.how_to_attach}") from None
    if not options.quiet:
        _tell_of_the_job(aws.deployment, sizing.layout)
        say(f"run {run_id}: {_made_of(given, len(chunks), reducers, sizing.layout)}, {aws.deployment}")
    return run


def _sizing(options: argparse.Namespace, deployment: Deployment) -> Sizing:
    return Sizing.of(layout_of(options.shuffle, deployment), deployment)


def _estimated(deployment: Deployment, capacity: Capacity, chunks: Sequence[Chunk], *, force: bool) -> str | None:
    """What is told of a run with an object for each word. Raises UsageError: it can't end, and is not forced."""
    from scripts.client.input.estimate import estimate, refuse_if_endless

    expected = estimate(deployment, (chunk["text"] for chunk in chunks))
    if not expected.fits:
        # Fewer mappers at once may end in time, one after the other.
        expected = estimate(deployment, (chunk["text"] for chunk in chunks), capacity.limit(seconds=30))
    if not force:
        refuse_if_endless(deployment, expected, max((utf8_bytes(chunk["text"]) for chunk in chunks), default=0))
    return expected.notice


def _tell_of_the_job(deployment: Deployment, layout: str) -> None:
    """What the user should know of the code that runs. Found out while it does: it takes as long as a small run's start."""
    from scripts.client.input.combining import left_out
    from scripts.client.running.staleness import stale

    for notice in filter(None, [layout == OBJECTS and left_out(deployment), stale(deployment)]):
        say(f"note: {notice}")


def _made_of(given: Input, chunks: int, reducers: int, layout: str) -> str:
    """`8 chunks of at most 2.5 MiB, 4 reducers, packed`: what was chosen for the user, too."""
    parts = [f"{chunks} chunk{'s' * (chunks != 1)}"]
    if given.chunk_bytes is not None:
        parts[0] += f" of at most {bytes_shown(given.chunk_bytes)}"
    if layout != OBJECTS:
        parts += [f"{reducers} reducer{'s' * (reducers != 1)}", layout]
    return ", ".join(parts)


def _launch(run: StartedRun, chunks: Sequence[Chunk], *, attended: bool) -> None:
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
