"""Running a job of several steps: one child after the other, each begun when the one before it is done.

The client leads: it starts a child, waits for it, and starts the next. It may end at any time, and several may lead the same run
at once, for a child is claimed like any run: whoever comes second waits for it. `resume` goes on with a child that has failed.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from scripts.client import cli
from scripts.client.aws.clients import Aws
from scripts.client.aws.removal import Tell, remove_below
from scripts.client.deployment import Deployment
from scripts.client.errors import (
    ClientError,
    Interruption,
    RunFailedError,
    RunIdUsedError,
    StartError,
    StorageError,
    TimedOutError,
    UsageError,
)
from scripts.client.report.console import say, showing_removal
from scripts.client.running.job import read_job, settings, take_defaults
from scripts.client.running.launching import start
from scripts.client.running.resuming import resume
from scripts.client.running.run_id import new_run_id
from scripts.client.running.runs import StartedRun, find_run
from scripts.client.stored.cleanup import remove_all as remove_child
from scripts.client.stored.cleanup import remove_intermediate
from scripts.client.stored.counters import read_counters
from scripts.client.stored.output import S3Output, output_of, release_output
from scripts.client.stored.standing import Look
from scripts.client.stored.steps import Step, Steps

Wait = Callable[[argparse.Namespace, StartedRun, str], bytes]
"""Waits for a run's result, with progress behind a label."""


def begin(options: argparse.Namespace, deployment: Deployment) -> tuple[Aws, Steps] | None:
    """Claim the run that the options ask for, if the deployment's job has several steps.

    Raises:
        UsageError: it can't be started so; nothing was.
        StorageError: a request finally failed.
    """
    job = read_job(options.job, deployment)
    if job is None or len(job.steps) < 2:
        return None
    if options.no_wait:
        raise UsageError(f"--no-wait can't be used: the job {job.name} has steps, and the client starts one after the other")
    num_reducer = options.num_reducer
    take_defaults(options, job)
    steps = tuple(
        Step(
            ", ".join(step.modules),
            settings(options.param, job, step),
            num_reducer or step.num_reducer,
            options.shuffle,
        )
        for step in job.steps
    )
    output = output_of(options)
    made = Steps(options.run_id or new_run_id(), steps, options.keep, options.destination, output.url if output else None)
    aws = Aws.open(deployment)
    if output:
        output.check_granted(deployment, made.children[-1])
    made.claim(aws)
    if output:
        try:
            output.claim(aws, made.children[-1])
        except ClientError:
            remove_all(options, aws, made)
            raise
    return aws, made


def lead(options: argparse.Namespace, aws: Aws, steps: Steps, wait: Wait) -> tuple[StartedRun, bytes]:
    """Do what is left of the steps; the last child, and the body of its result.

    Raises:
        RunFailedError, TimedOutError: a child failed, or took too long; says how to go on.
        UsageError, StartError, StorageError: a child could not be started. Of a run that has not begun, nothing is left.
        Interruption: Ctrl-C.
    """
    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    if options.command == "resume":
        steps.allow(aws)
    done, last = steps.done(aws), len(steps.steps)
    for number in range(min(done + 1, last), last + 1):
        shown = steps.shown(number)
        try:
            if number > done and steps.is_cancelled(aws):
                raise RunFailedError("it is not started, for the run is cancelled")
            child = _child(options, aws, steps, number)
            if deadline is not None:
                options.timeout = max(0.001, deadline - time.monotonic())
            body = wait(options, child, f"step {number}/{last}: ")
        except KeyboardInterrupt:
            raise Interruption(f"interrupted in {shown}; what runs of it goes on. {how_to_go_on(aws, steps)}") from None
        except TimedOutError as error:
            raise TimedOutError(f"{shown}: {error}; it goes on. {how_to_go_on(aws, steps)}") from None
        except RunFailedError as error:
            raise RunFailedError(f"{shown}: {error}\n  {how_to_go_on(aws, steps)}") from None
        except (UsageError, StartError, StorageError):
            if number == 1 and found(options, steps.children[0]) is None:
                remove_all(options, aws, steps)
            elif not options.quiet:
                say(f"note: {shown} could not be begun. {how_to_go_on(aws, steps)}")
            raise
    return child, body


def _child(options: argparse.Namespace, aws: Aws, steps: Steps, number: int) -> StartedRun:
    """The run of a step: started, resumed, or just found."""
    name = steps.children[number - 1]
    if (one := found(options, name)) is not None:
        if options.command == "resume" and Look(one).state in ("failed", "cancelled"):
            return resume(like(options, run=name, keep=True))
        return one
    if number == 1 and not getattr(options, "input", None):
        raise UsageError(f"run {steps.run} has not begun, and its input is not stored; start anew")
    if not options.quiet:
        say(f"{steps.shown(number)}:")
    try:
        return start(_options_of(options, aws, steps, number))
    except RunIdUsedError:
        return find_run(options, name)  # another client was faster


def _options_of(options: argparse.Namespace, aws: Aws, steps: Steps, number: int) -> argparse.Namespace:
    """The command line that starts a step's run."""
    name, step, deployment = steps.children[number - 1], steps.steps[number - 1], aws.deployment
    output = S3Output.of_step(deployment, name).url if number < len(steps.steps) else steps.output
    if number == 1:
        made = like(options)
    else:
        made = cli.parse(["run", f"run:{steps.children[number - 2]}"])
        made.target, made.quiet = options.target, options.quiet
    told = {"run_id": name, "keep": True, "step": step, "output": output, "destination": steps.destination, "chosen": deployment}
    vars(made).update(told)
    return made


def found(options: argparse.Namespace, name: str) -> StartedRun | None:
    """The run of a step, if it has begun."""
    try:
        return find_run(options, name)
    except UsageError:
        return None


def like(options: argparse.Namespace, **others: object) -> argparse.Namespace:
    """The options, some of them others."""
    return argparse.Namespace(**vars(options) | others)


def how_to_go_on(aws: Aws, steps: Steps) -> str:
    """A sentence for the user."""
    return f"Go on with: scripts/invoke.sh resume {steps.run} {aws.deployment.options}"


def counted(aws: Aws, steps: Steps) -> dict[str, int]:
    """The sums of what the steps have counted. Raises StorageError."""
    if steps.counters is not None:
        return steps.counters
    sums = Counter[str]()
    for child in steps.children:
        sums.update(read_counters(aws.store("results"), child))
    return dict(sorted(sums.items()))


def tidy_up(options: argparse.Namespace, aws: Aws, steps: Steps) -> None:
    """Remove all but the last result, after the sums of what was counted are noted. Raises StorageError."""
    replace(steps, counters=counted(aws, steps)).write(aws)
    *others, last = steps.children
    with showing_removal(quiet=options.quiet) as tell:
        for child in others:
            _remove_child(options, aws, child, tell)
        if (one := found(options, last)) is not None:
            release_output(one)
            remove_intermediate(one.orchestration, one.destination, one.size, tell)


def remove_all(options: argparse.Namespace, aws: Aws, steps: Steps) -> str | None:
    """Remove all that there is of a run; where its result in S3 is, if that is whole and stays. Raises StorageError."""
    kept = None
    if steps.output:
        output = S3Output.parse(steps.output)
        kept = output.url if output.remove(aws, steps.children[-1]) else None
    with showing_removal(quiet=getattr(options, "quiet", False)) as tell:
        for child in steps.children:
            _remove_child(options, aws, child, tell)
    remove_below(aws.store("results"), f"{steps.run}/")
    return kept


def _remove_child(options: argparse.Namespace, aws: Aws, child: str, tell: Tell) -> None:
    if (one := found(options, child)) is not None:
        remove_child(one.orchestration, one.destination, one.size, tell)
    remove_below(aws.store("shuffle"), f"{child}/")  # the parts for the next step
