"""Starting a run: prepare it, claim its id and the place of its output, start."""

import argparse
from dataclasses import replace

from scripts.client.aws.capacity import crowding
from scripts.client.deployment import Deployment
from scripts.client.errors import ClientError, Interruption, StartError
from scripts.client.input.fan_outs import sizes
from scripts.client.input.layout import OBJECTS
from scripts.client.report.console import say
from scripts.client.running.deadline import run_deadline
from scripts.client.running.preparing import Prepared, prepare
from scripts.client.running.runs import StartedRun
from scripts.client.stored import claim
from scripts.client.stored.cleanup import remove_intermediate
from scripts.client.stored.counters import remove_counters
from scripts.client.stored.output import release_output


def start(options: argparse.Namespace) -> StartedRun:
    """Start a run of what the options say.

    Raises:
        UsageError, InputError: it can't be started so; nothing was.
        NothingDeployedError: there is nowhere to start it.
        StorageError, StartError: it could not be started.
        Interruption: Ctrl-C came when it may have been started.
    """
    given = prepare(options)
    aws, orchestration = given.aws, given.orchestration
    run_id = orchestration.run_id
    if not options.quiet:
        for notice in given.notices:
            say(f"note: {notice}")
    fan_outs = sizes(aws.deployment.workflow, given.claim.chunks, given.claim.num_reducer)
    claimed = replace(given.claim, deadline=run_deadline(aws.deployment, fan_outs))
    run = StartedRun.of(orchestration, claimed)
    try:
        claim.take(aws.store("results"), claimed)
        if not options.quiet and (crowded := crowding(aws.deployment, fan_outs, given.capacity.limit())):
            say(f"note: {crowded}")
        _launch(run, given, attended=not options.no_wait)
    except KeyboardInterrupt:
        raise Interruption(f"interrupted while starting run {run_id}; see whether it runs: {run.how_to_attach}") from None
    if not options.quiet:
        _tell_of_the_job(aws.deployment, claimed.shuffle)
        say(f"run {run_id}: {given.told}, {aws.deployment}")
        if aws.deployment.code:
            say(aws.deployment.code)
    return run


def _tell_of_the_job(deployment: Deployment, layout: str) -> None:
    """What the user should know of the code that runs. Found out while it does: it takes as long as a small run's start."""
    from scripts.client.running.staleness import stale
    from scripts.package.source import shown
    from scripts.package.sources import source_of

    source = source_of(deployment.sources or "")
    combiner = (source.job or source.functions / deployment.workflow.first.name) / "user_combine.py"
    if layout == OBJECTS and deployment.workflow.input == "chunks" and combiner.is_file():
        say(f"note: {shown(combiner)} is left out, for in the layout objects each emit is an object; --shuffle packed uses it")
    if note := stale(deployment):
        say(f"note: {note}")


def _launch(run: StartedRun, given: Prepared, *, attended: bool) -> None:
    """Start the run, or leave nothing of it; unless the request's answer was lost, for then it may run."""
    try:
        if given.output:
            given.output.claim(run.aws, run.run_id)
        if run.orchestration.has_keeper and run.deadline is not None:
            claim.mark(run.aws.store("results"), run.run_id, run.deadline)
        run.orchestration.start(given.elements, attended=attended)
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
        release_output(run)
        remove_intermediate(run.orchestration, run.destination, run.size)
        remove_counters(run.aws.store("results"), run.run_id)
    except ClientError as error:
        say(f"note: what was written for run {run.run_id} could not be removed: {error}")
