"""What can be done with a run beside starting it and waiting for it: look at it, cancel, resume and clean it up.

How a run stands is told by its objects in the results bucket, and where those say nothing, by the platform::

    result.json                             done
    failed.json                             failed, or cancelled: then its "error" is "Cancelled"
    neither, but the platform saw its end   failed
    neither                                 running

A cancelled run is one that has failed: its functions do nothing any more, and it can be resumed. A function that was already
at work when it was cancelled may still end what it does; if that was summary, the run is done.
"""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, TypeVar

from runtime.orchestration.envelope import encode
from scripts.client import objects
from scripts.client.claim import FAILED, RESULT
from scripts.client.cleanup import remove_all
from scripts.client.console import say
from scripts.client.errors import ClientError, UsageError
from scripts.client.failure import describe_failure, describe_verdict
from scripts.client.orchestrations import Progress, Verdict
from scripts.client.runs import StartedRun, find_run

T = TypeVar("T")

State = Literal["running", "done", "failed", "cancelled"]

CANCELLED = "Cancelled"


class _Look:
    """How a run stands, asked once."""

    def __init__(self, run: StartedRun) -> None:
        results = run.aws.store("results")
        self.done = objects.exists(results, f"{run.run_id}/{RESULT}")
        self.failure = objects.read(results, f"{run.run_id}/{FAILED}")
        ended = self.done or self.failure is not None
        self.verdict: Verdict | None = None if ended else _ask(run.orchestration.verdict, None)

    @property
    def state(self) -> State:
        if self.done:
            return "done"
        if self.failure is not None:
            return "cancelled" if self.record.get("error") == CANCELLED else "failed"
        return "running" if self.verdict is None else "failed"

    @property
    def record(self) -> dict[str, Any]:
        """What failed.json says; empty if there is none, or none that can be read."""
        try:
            record = json.loads(self.failure or b"{}")
        except ValueError:
            return {}
        return record if isinstance(record, dict) else {}


def status(options: argparse.Namespace) -> None:
    """Print where a run stands, stage by stage. With --json::

    {"run": ..., "orchestration": "sfn", "state": "running" | "done" | "failed" | "cancelled", "started": ISO 8601 or null,
     "stages": {"mapper": [15, 16], "partition": [0, 1], "reducer": [0, null], "summary": [0, 1]}, "failure": failed.json or null}

    Of each stage, how many invocations have returned, and of how many; null where that is unknown.
    """
    run = find_run(options, options.run)
    look = _Look(run)
    stages = _stages(run, look)
    if options.json:
        told = {"run": run.run_id, "orchestration": run.aws.deployment.orchestration, "state": look.state}
        failure = look.record or None
        print(json.dumps({**told, "started": run.started, "stages": stages, "failure": failure}, indent=2, ensure_ascii=False))
        return
    print(f"run {run.run_id}: {look.state}, {run.aws.deployment}")
    if run.started:
        print(f"  {'started:':<12}{run.started}")
    for stage, (returned, size) in stages.items():
        print(f"  {stage + ':':<12}{_shown(returned)}/{_shown(size)}")
    if look.failure is not None:
        print(describe_failure(run.aws.deployment, run.run_id, look.failure).partition("\n")[2])
    elif look.verdict is not None:
        print(describe_verdict(run.aws.deployment, run.run_id, look.verdict).partition("\n")[2])


def cancel(options: argparse.Namespace) -> None:
    """Record that the run is cancelled, which stops its functions, and stop what the platform runs of it."""
    run = find_run(options, options.run)
    look = _Look(run)
    if look.done:
        raise ClientError(f"run {run.run_id} is done; there is nothing to cancel")
    if look.state == "failed":
        say(f"run {run.run_id} has failed already; there is nothing to cancel")
        return
    key = f"{run.run_id}/{FAILED}"
    recorded = objects.create(run.aws.store("results"), key, encode(_cancelled(run.run_id)))
    run.orchestration.cancel()
    if recorded and objects.exists(run.aws.store("results"), f"{run.run_id}/{RESULT}"):
        objects.remove(run.aws.store("results"), key)
        raise ClientError(f"run {run.run_id} was done before it could be cancelled; its result is kept")
    say(f"run {run.run_id} is cancelled. Go on with it: {run.how_to('resume')}; or remove it: {run.how_to('clean')}")


def clean(options: argparse.Namespace) -> None:
    """Remove all that there is of a run, its result too."""
    run = find_run(options, options.run)
    if _Look(run).state == "running":
        raise UsageError(f"run {run.run_id} still runs; cancel it first: {run.how_to('cancel')}")
    remove_all(run.orchestration, run.destination, run.mappers)
    say(f"run {run.run_id} is removed")


def resume(options: argparse.Namespace) -> StartedRun:
    """Go on with a run that has failed or was cancelled.

    Its failure is no more from here on: without that, its functions would do nothing. If they can't be started, it is put back.

    Raises:
        UsageError: the run is done, still runs, or there is not enough left of it.
        StartError, StorageError: it could not be started again.
    """
    run = find_run(options, options.run)
    look = _Look(run)
    if look.done:
        raise UsageError(f"run {run.run_id} is done; its counts: {run.how_to_attach}")
    if look.state == "running" and not options.force:
        raise UsageError(
            f"run {run.run_id} has not failed; wait for it: {run.how_to_attach}; or begin what is missing again: --force"
        )
    if run.mappers is None:
        raise UsageError(f"there is not enough left of run {run.run_id} to go on; start anew")
    results, key = run.aws.store("results"), f"{run.run_id}/{FAILED}"
    objects.remove(results, key)
    try:
        again = run.orchestration.resume(run.mappers, attended=not options.no_wait)
    except (ClientError, KeyboardInterrupt):
        if look.failure is not None:
            objects.create(results, key, look.failure)
        raise
    if not options.quiet:
        shown = ", ".join(again[:10]) + (f" and {len(again) - 10} more" if len(again) > 10 else "")
        say(f"run {run.run_id} goes on with {shown or 'what is missing'}")
    return run


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {"status": status, "cancel": cancel, "clean": clean}
"""Those that end by themselves; `resume` is followed by waiting."""


def _stages(run: StartedRun, look: _Look) -> dict[str, tuple[int | None, int | None]]:
    """Of each stage, how many invocations have returned and of how many."""
    if look.done:
        # What the stages stored may be tidied up; that all of them are through is certain.
        return {"mapper": (run.mappers, run.mappers), "partition": (1, 1), "reducer": (None, None), "summary": (1, 1)}
    progress = _ask(partial(run.orchestration.progress, run.mappers), Progress())
    partition = None if progress.mapped is None else int(progress.reducers is not None)
    return {
        "mapper": (progress.mapped, run.mappers),
        "partition": (partition, 1),
        "reducer": (0 if partition == 0 else progress.reduced, progress.reducers),
        "summary": (0, 1),
    }


def _ask(question: Callable[[], T], unknown: T) -> T:
    """What the platform answers; if it can't, that is said, and the answer is unknown: the results bucket decides."""
    try:
        return question()
    except Exception as error:  # progress and verdict may fail with anything: an execution that never began, a lacking permission
        say(f"note: not all could be asked about the run: {error}")
        return unknown


def _shown(number: int | None) -> str:
    return "?" if number is None else str(number)


def _cancelled(run_id: str) -> dict[str, Any]:
    """As failed.json has it."""
    unknown = dict.fromkeys(("function", "index", "request_id", "attempts", "log_group"))
    told = {"error": CANCELLED, "message": "cancelled by its user", "traceback": []}
    return {"run": run_id, **unknown, **told, "time": datetime.now(UTC).isoformat(timespec="seconds")}
