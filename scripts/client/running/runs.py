"""A run that was started, and how to find one again by its id."""

import argparse
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.deployment import find_deployments
from scripts.client.errors import UsageError
from scripts.client.input.fan_outs import sizes
from scripts.client.orchestrations import ORCHESTRATIONS, Orchestration
from scripts.client.stored import claim
from scripts.client.stored.claim import Claim


@dataclass(frozen=True)
class StartedRun:
    """A run that goes on by itself, whatever becomes of the client.

    Attributes:
        destination: where it emits to; None where its workflow has no shuffle.
        size: the number of its elements, None if its claim was tidied up.
        num_reducer: of how many reducers it was asked; None likewise, and for the default.
        started: when, as ISO 8601; None likewise.
        output: where its functions write the result, `s3://bucket/prefix/`; None if they return it, or as for `size`.
        deadline: by when it must have ended, in seconds since the epoch; None likewise, or if an older client started it.
    """

    aws: Aws
    orchestration: Orchestration
    run_id: str
    destination: str | None
    size: int | None
    keep: bool
    num_reducer: int | None = None
    started: str | None = None
    deadline: int | None = None
    output: str | None = None

    @classmethod
    def of(cls, orchestration: Orchestration, claimed: Claim) -> "StartedRun":
        """The run of a claim."""
        return cls(
            orchestration.aws,
            orchestration,
            orchestration.run_id,
            claimed.destination,
            claimed.chunks,
            claimed.keep,
            claimed.num_reducer,
            claimed.started,
            claimed.deadline,
            claimed.output,
        )

    @property
    def fan_outs(self) -> dict[str, int]:
        """How many branches its fan-outs have at most, by their function, as far as that is known."""
        return sizes(self.aws.deployment.workflow, self.size, self.num_reducer)

    @property
    def overdue_since(self) -> str | None:
        """When its deadline passed, as ISO 8601; None before that."""
        if self.deadline is None or self.deadline > time.time():
            return None
        return datetime.fromtimestamp(self.deadline, UTC).isoformat(timespec="seconds")

    @property
    def how_to_attach(self) -> str:
        """The command that waits for it."""
        return f"scripts/invoke.sh --attach {self.run_id} {self.aws.deployment.options}"

    def how_to(self, command: str) -> str:
        """The command that does something else with it, such as `resume`."""
        return f"scripts/invoke.sh {command} {self.run_id} {self.aws.deployment.options}"


def describe_overdue(run: StartedRun) -> str:
    """What can be told of a run whose deadline has passed, and what to do."""
    if run.orchestration.has_keeper:
        keeper = "a sweep will record it as failed within minutes"
    else:
        keeper = f"stop it: {run.how_to('cancel')}"
    return f"since {run.overdue_since}; an event may be lost, or functions are throttled; {keeper}; then: {run.how_to('resume')}"


def find_run(options: argparse.Namespace, run_id: str) -> StartedRun:
    """Find a run in the deployments' results buckets: by its claim, or by its end if the claim was tidied up.

    Raises:
        UsageError: there is no such run.
    """
    deployments = find_deployments(options.target, options.orchestration, options.prefix, options.region, options.job)
    for deployment in deployments:
        if deployment.orchestration not in ORCHESTRATIONS:
            continue
        aws = Aws.open(deployment)
        results = aws.store("results")
        claimed = Claim.parse(objects.read(results, f"{run_id}/{claim.RUN}"))
        if claimed is None and not objects.names(results, f"{run_id}/"):
            continue
        orchestration = ORCHESTRATIONS[deployment.orchestration](aws, run_id)
        if claimed is not None:
            return StartedRun.of(orchestration, replace(claimed, keep=claimed.keep or options.keep))
        return StartedRun(aws, orchestration, run_id, deployment.buckets.get("shuffle"), None, options.keep)
    looked = ", ".join(map(str, deployments))
    raise UsageError(f"there is no run {run_id} on {looked}; it never started there, or was cleaned up")
