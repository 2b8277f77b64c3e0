"""Going on with a run that failed or was cancelled, from what it has stored."""

import argparse
from dataclasses import replace

from scripts.client.aws import objects
from scripts.client.errors import Interruption, StorageError, UsageError
from scripts.client.report.console import say
from scripts.client.running.deadline import run_deadline
from scripts.client.running.runs import StartedRun, find_run
from scripts.client.running.staleness import stale
from scripts.client.stored import claim, turns
from scripts.client.stored.claim import FAILED, Claim, Turn
from scripts.client.stored.standing import Look


def resume(options: argparse.Namespace) -> StartedRun:
    """Go on with a run, unless another client does.

    Its failure is no more from here on: without that, its functions would do nothing. If they can't be started, it is put back.

    Raises:
        UsageError: the run is done, still runs, is being removed, or there is not enough left of it.
        StartError, StorageError: it could not be started again.
        Interruption: Ctrl-C came first.
    """
    run = find_run(options, options.run)

    def check(look: Look, claimed: Claim | None) -> None:
        _check(run, look, claimed, force=options.force)

    look, turn = turns.take(run, "resume", check)
    size = run.size
    assert size is not None  # noqa: S101  (`check` has seen to that)
    try:
        # Before it goes on: a sweep must not take it for overdue.
        run = _with_another_deadline(run)
        if look.failure is not None:  # one that was written since is somebody's word on how the run ended, and stays
            objects.remove(run.aws.store("results"), f"{run.run_id}/{FAILED}")
        again = run.orchestration.resume(size, attended=not options.no_wait)
    except KeyboardInterrupt:
        restored = _put_back(run, look, turn)
        raise Interruption(f"interrupted while run {run.run_id} was resumed; {restored}") from None
    except BaseException:
        _put_back(run, look, turn)
        raise
    try:
        turns.end(run, turn)
        if not options.quiet:
            _tell(run, again)
    except KeyboardInterrupt:
        raise Interruption(f"interrupted; run {run.run_id} goes on. Attach with: {run.how_to_attach}") from None
    return run


def _with_another_deadline(run: StartedRun) -> StartedRun:
    """The same as if it started now."""
    results, deadline = run.aws.store("results"), run_deadline(run.aws.deployment, run.fan_outs)
    claim.change(results, run.run_id, lambda claimed: replace(claimed, deadline=deadline))
    if run.orchestration.has_keeper:
        claim.mark(results, run.run_id, deadline)
    return replace(run, deadline=deadline)


def _tell(run: StartedRun, again: list[str]) -> None:
    if note := stale(run.aws.deployment):
        say(f"note: {note}")
    shown = ", ".join(again[:10]) + (f" and {len(again) - 10} more" if len(again) > 10 else "")
    say(f"run {run.run_id} goes on with {shown or 'what is missing'}")


def _check(run: StartedRun, look: Look, claimed: Claim | None, *, force: bool) -> None:
    turn = claimed.turn if claimed else None
    if look.done:
        raise UsageError(f"run {run.run_id} is done; its counts: {run.how_to_attach}")
    if turn is not None and turn.to == "clean":
        raise UsageError(
            f"run {run.run_id} is being removed since {turn.since} and can't be resumed; remove the rest of it: "
            f"{run.how_to('clean')}"
        )
    if look.state == "running" and not force:
        begun = f"; another client began to resume it at {turn.since} and has not ended that" if turn else ""
        raise UsageError(
            f"run {run.run_id} has not failed{begun}; wait for it: {run.how_to_attach}; or begin what is missing again: --force"
        )
    if claimed is None or run.size is None:
        raise UsageError(f"there is not enough left of run {run.run_id} to go on; start anew")


def _put_back(run: StartedRun, look: Look, turn: Turn) -> str:
    """`_restore`, which one Ctrl-C does not keep from being done."""
    try:
        return _restore(run, look, turn)
    except KeyboardInterrupt:
        return _restore(run, look, turn)


def _restore(run: StartedRun, look: Look, turn: Turn) -> str:
    """Record the failure again, if this client has removed it and nobody else has gone on with the run; what was done, in words.

    The record comes before the end of the turn, so that nobody can resume the run in between and find it failed afterwards.
    """
    status = f"see where it stands: {run.how_to('status')}"
    try:
        if not turns.is_mine(run, turn):
            return f"another client has gone on with it or removed it; {status}"
        if look.failure is not None:
            claim.record_failure(run.aws.store("results"), run.run_id, look.failure)
    except StorageError as error:
        say(f"note: run {run.run_id} may lack the record of its failure, which could not be put back: {error}")
        return status
    turns.end(run, turn)
    return f"it stands as before: {run.how_to('status')}"
