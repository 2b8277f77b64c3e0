"""A job of several steps as one run: a record in the results bucket, and a run for each step, its child.

    {run}/steps.json    {"run": run id,
                         "steps": [{"name": "map_words, reduce_counts", "settings": {...}, "num_reducer": 3 or null,
                                    "shuffle": "packed" or null}, ...],
                         "keep": false, "destination": null or "bucket/prefix", "output": null or "s3://bucket/prefix/",
                         "started": ISO 8601, "counters": null or, when all is tidied up, sums}
    {run}/cancelled     empty: no further step is started

The children are `{run}-1`, `{run}-2`, ... Each but the last writes its result as parts to `{child}/parts/` in the deployment's
own shuffle bucket, and the next one reads it there. The record is created if absent, so a run id belongs to one run. What has
been done is told by the children's results: whoever goes on with the run begins after the last one that is there.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.deployment import find_deployments
from scripts.client.errors import RunIdUsedError, UsageError
from scripts.client.stored.claim import RESULT, now

RECORD = "steps.json"
CANCELLED = "cancelled"

_LONGEST_ID = 64


@dataclass(frozen=True)
class Step:
    """What a child is told, beside its input.

    Attributes:
        name: of its modules, for the user.
        settings: the field `"job"` of its messages, see `runtime.mapreduce.job`, without its output.
    """

    name: str
    settings: dict[str, Any]
    num_reducer: int | None = None
    shuffle: str | None = None


@dataclass(frozen=True)
class Steps:
    """The body of steps.json."""

    run: str
    steps: tuple[Step, ...]
    keep: bool = False
    destination: str | None = None
    output: str | None = None
    started: str = field(default_factory=now)
    counters: dict[str, int] | None = None

    @classmethod
    def parse(cls, body: bytes) -> "Steps":
        """Read a record that this client has written."""
        told = json.loads(body)
        return cls(**told | {"steps": tuple(Step(**step) for step in told["steps"])})

    @property
    def children(self) -> list[str]:
        """Run ids of the steps."""
        return [f"{self.run}-{number}" for number in range(1, len(self.steps) + 1)]

    def shown(self, number: int) -> str:
        """`step 1 of 2 (map_words, reduce_counts)`."""
        return f"step {number} of {len(self.steps)} ({self.steps[number - 1].name})"

    def claim(self, aws: Aws) -> None:
        """Make the run id this run's.

        Raises:
            UsageError: it is too long for children, or belongs to another run, as the id of a child may. Nothing is left then.
            StorageError: a request finally failed.
        """
        if len(self.children[-1]) > _LONGEST_ID:
            raise UsageError(
                f"--run-id {self.run}: its steps' ids would be longer than {_LONGEST_ID} characters; take a shorter one"
            )
        results, key = aws.store("results"), f"{self.run}/{RECORD}"
        body = json.dumps(asdict(self)).encode()
        if objects.create_or_read(results, key, body) != body or objects.names(results, f"{self.run}/") != [key]:
            raise _used(self.run)
        for child in self.children:
            # A child that is there counts as begun, or even as done, whoever has made it.
            if objects.names(results, f"{child}/"):
                objects.remove(results, key)
                raise _used(child)

    def write(self, aws: Aws) -> None:
        """Write the record anew. Raises StorageError."""
        objects.write(aws.store("results"), f"{self.run}/{RECORD}", json.dumps(asdict(self)).encode())

    def done(self, aws: Aws) -> int:
        """How many steps are done. Raises StorageError."""
        results = aws.store("results")
        for number in range(len(self.steps), 0, -1):
            if objects.exists(results, f"{self.children[number - 1]}/{RESULT}"):
                return number
        return 0

    def is_cancelled(self, aws: Aws) -> bool:
        """Whether no further step may be started. Raises StorageError."""
        return objects.exists(aws.store("results"), f"{self.run}/{CANCELLED}")

    def cancel(self, aws: Aws) -> None:
        """Let no further step be started. Raises StorageError."""
        objects.write(aws.store("results"), f"{self.run}/{CANCELLED}", b"")

    def allow(self, aws: Aws) -> None:
        """Undo `cancel`. Raises StorageError."""
        objects.remove(aws.store("results"), f"{self.run}/{CANCELLED}")


def _used(run: str) -> RunIdUsedError:
    return RunIdUsedError(f"run id {run} was used before; choose another, or see that run with --attach {run}")


def find_steps(options: Any, run_id: str) -> "tuple[Aws, Steps] | None":
    """Find a run of several steps, and its deployment. None if there is none of that id."""
    for deployment in find_deployments(options.target, options.orchestration, options.prefix, options.region, options.job):
        aws = Aws.open(deployment)
        body = objects.read(aws.store("results"), f"{run_id}/{RECORD}")
        if body is not None:
            return aws, Steps.parse(body)
    return None
