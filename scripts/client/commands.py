"""What can be done with a run beside starting it and waiting for it: look at it, cancel it, clean it up. See also `resuming`."""

import argparse
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from runtime.encoding import encode
from runtime.orchestration.ending.record import FailureRecord
from scripts.client.aws import objects
from scripts.client.errors import ClientError, UsageError
from scripts.client.orchestrations import Progress
from scripts.client.report.console import say, show, showing_removal
from scripts.client.report.failure import CANCELLED, describe_failure, describe_verdict
from scripts.client.running.runs import StartedRun, describe_overdue, find_run
from scripts.client.stored import claim, turns
from scripts.client.stored.claim import FAILED, RESULT, Claim
from scripts.client.stored.cleanup import remove_all
from scripts.client.stored.counters import read_counters, shown
from scripts.client.stored.output import remove_output
from scripts.client.stored.standing import Look, ask


def status(options: argparse.Namespace) -> None:
    """Print where a run stands, stage by stage. With --json::

    {"run": ..., "orchestration": "sfn", "state": "running" | "done" | "failed" | "cancelled", "started": ISO 8601 or null,
     "overdue_since": ISO 8601 or null,
     "stages": {function: [15, 16], ...}, "counters": {name: number, ...}, "failure": failed.json or null}

    Of each function in the order of the flow, how many invocations have returned, and of how many; null where that is unknown.
    The counters are the sums of what these have counted.
    """
    run = find_run(options, options.run)
    told, look = status_of(run)
    if options.json:
        print(json.dumps(told, indent=2))
        return
    print(f"run {run.run_id}: {look.state}, {run.aws.deployment}")
    if run.started:
        print(f"  {'started:':<12}{run.started}")
    if told["overdue_since"]:
        print(f"  {'overdue:':<12}{describe_overdue(run)}")
    for stage, (returned, size) in told["stages"].items():
        print(f"  {stage + ':':<12}{_shown(returned, size, done=look.done)}")
    if told["counters"]:
        show(shown(told["counters"]))
    if look.failure is not None:
        show(describe_failure(run.aws.deployment, run.run_id, look.failure).partition("\n")[2])
    elif look.verdict is not None:
        show(describe_verdict(run.aws.deployment, run.run_id, look.verdict).partition("\n")[2])


def status_of(run: StartedRun) -> tuple[dict[str, Any], Look]:
    """What `status --json` prints of a run, and how it stands."""
    look = Look(run)
    return {
        "run": run.run_id,
        "orchestration": run.aws.deployment.orchestration,
        "state": look.state,
        "started": run.started,
        "overdue_since": run.overdue_since if look.state == "running" else None,
        "stages": _stages(run, look),
        "counters": read_counters(run.aws.store("results"), run.run_id),
        "failure": look.record or None,
    }, look


def cancel(options: argparse.Namespace) -> None:
    """Record that the run is cancelled, which stops its functions, and stop what the platform runs of it."""
    run = find_run(options, options.run)
    look = Look(run)
    if look.done:
        raise ClientError(f"run {run.run_id} is done; there is nothing to cancel")
    if look.state == "failed":
        say(f"run {run.run_id} has failed already; there is nothing to cancel")
        return
    results = run.aws.store("results")
    failure = FailureRecord.build(run.run_id, error=CANCELLED, message="cancelled by its user")
    cancelled = claim.record_failure(results, run.run_id, encode(failure.json()))
    run.orchestration.cancel()
    # Asked again: the platform may have taken its time, and the last function have ended meanwhile.
    if not cancelled or objects.exists(results, f"{run.run_id}/{RESULT}"):
        objects.remove(results, f"{run.run_id}/{FAILED}")
        raise ClientError(f"run {run.run_id} was done before it could be cancelled; its result is kept")
    if run.size is not None and claim.hold(results, run.run_id) is None:
        objects.remove(results, f"{run.run_id}/{FAILED}")
        raise ClientError(f"run {run.run_id} was removed before it could be cancelled")
    say(f"run {run.run_id} is cancelled. Go on with it: {run.how_to('resume')}; or remove it: {run.how_to('clean')}")


def clean(options: argparse.Namespace) -> None:
    """Remove all that there is of a run, its result too."""
    run = find_run(options, options.run)

    def check(look: Look, claimed: Claim | None) -> None:
        if look.state == "running" and not (claimed and claimed.turn and claimed.turn.to == "clean"):
            raise UsageError(f"run {run.run_id} still runs; cancel it first: {run.how_to('cancel')}")

    turns.take(run, "clean", check)
    with showing_removal(quiet=False) as tell:
        kept = remove_output(run)
        remove_all(run.orchestration, run.destination, run.size, tell)
    say(f"run {run.run_id} is removed" + (f"; what it has written to {kept} is whole, and stays" if kept else ""))


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {"status": status, "cancel": cancel, "clean": clean}
"""Those that end by themselves; `resume` is followed by waiting."""


def _stages(run: StartedRun, look: Look) -> dict[str, tuple[int | None, int | None]]:
    """Of each function, how many invocations have returned and of how many."""
    steps, known = run.aws.deployment.workflow.steps, run.orchestration.sizes(run.size)
    if look.done:
        # What the stages stored may be tidied up; that all of them are through is certain.
        return {step.name: (known.get(step.name),) * 2 if step.takes == "branch" else (1, 1) for step in steps}
    progress = ask(partial(run.orchestration.progress, run.size), Progress(sizes=known))
    stages: dict[str, tuple[int | None, int | None]] = {}
    before: int | None = 1  # how many invocations of the function before have returned, if that function has one
    for step in steps:
        returned, size = progress.returned.get(step.name), progress.sizes.get(step.name)
        if step.takes == "branch":
            stages[step.name] = (0 if before == 0 else returned, size)
            before = returned
        else:
            has_returned = returned or (1 if step.edge == "Map" and step.next in progress.sizes else None)
            before = has_returned or (None if before is None and step.edge else 0)
            stages[step.name] = (before, 1)
    return stages


def _shown(returned: int | None, size: int | None, *, done: bool) -> str:
    if done and size is None:
        return "done"  # how many there were was tidied up
    return "/".join("?" if number is None else str(number) for number in (returned, size))
