"""`commands` for a run of several steps: it stands as its steps do, and they are cancelled and removed together."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from scripts.client import commands
from scripts.client.aws.clients import Aws
from scripts.client.errors import ClientError, UsageError
from scripts.client.report.console import say
from scripts.client.running.runs import find_run
from scripts.client.running.stepping import counted, found, how_to_go_on, like, remove_all
from scripts.client.stored.standing import Look
from scripts.client.stored.steps import Steps


def status(options: argparse.Namespace, aws: Aws, steps: Steps) -> None:
    """Print where each step stands. With --json::

    {"run": ..., "orchestration": ..., "state": "running" | "done" | "failed" | "cancelled", "started": ISO 8601,
     "counters": {name: number, ...}, "steps": [what `status --json` prints of a run, or null for one that has not begun, ...]}

    Steps that are done and tidied up count as done; what they left is in the sums of the counters.
    """
    begun, state = _begun(options, steps), _state(options, aws, steps)
    if options.json:
        told: dict[str, Any] = {"run": steps.run, "orchestration": aws.deployment.orchestration, "state": state}
        children = [commands.status_of(find_run(options, child))[0] if child in begun else None for child in steps.children]
        print(json.dumps(told | {"started": steps.started, "counters": counted(aws, steps), "steps": children}, indent=2))
        return
    print(f"run {steps.run}: {state}, {aws.deployment}")
    print(f"  {'started:':<12}{steps.started}")
    done = steps.done(aws)
    for number, child in enumerate(steps.children, 1):
        if child not in begun:
            print(f"{steps.shown(number)}: {'done, and tidied up' if number <= done else 'not started'}")
            continue
        print(f"{steps.shown(number)}:")
        commands.status(like(options, run=child))


def cancel(options: argparse.Namespace, aws: Aws, steps: Steps) -> None:
    """Let no further step begin, and cancel the one that runs."""
    state = _state(options, aws, steps)
    if state == "done":
        raise ClientError(f"run {steps.run} is done; there is nothing to cancel")
    steps.cancel(aws)
    for child in _begun(options, steps):
        if Look(find_run(options, child)).state == "running":
            commands.cancel(like(options, run=child))
    say(f"run {steps.run} is cancelled. {how_to_go_on(aws, steps)}")


def clean(options: argparse.Namespace, aws: Aws, steps: Steps) -> None:
    """Remove all that there is of the run and its steps, its result too."""
    for child in _begun(options, steps):
        if Look(find_run(options, child)).state == "running":
            raise UsageError(f"run {child} still runs; cancel it first: scripts/invoke.sh cancel {steps.run}")
    kept = remove_all(options, aws, steps)
    say(f"run {steps.run} is removed" + (f"; what it has written to {kept} is whole, and stays" if kept else ""))


STEP_COMMANDS: dict[str, Callable[[argparse.Namespace, Aws, Steps], None]] = {"status": status, "cancel": cancel, "clean": clean}


def _begun(options: argparse.Namespace, steps: Steps) -> list[str]:
    """The steps of which there is something."""
    return [child for child in steps.children if found(options, child) is not None]


def _state(options: argparse.Namespace, aws: Aws, steps: Steps) -> str:
    """As `Look.state`: that of the step that was begun last, unless it is done and not the last."""
    if steps.done(aws) == len(steps.steps):
        return "done"
    if steps.is_cancelled(aws):
        return "cancelled"
    begun = _begun(options, steps)
    state = Look(find_run(options, begun[-1])).state if begun else "running"
    return "running" if state == "done" else state
