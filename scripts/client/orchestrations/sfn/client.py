"""sfn: the client starts a state machine execution; its name is the run id.

INLINE Map: what the workflow begins with, a list of data or one datum, is the execution's input. What makes it too large travels
as claim checks::

    {"data": [{"Source": "http", "Value": element}, {"Source": "s3", "Value": "{branch}.input/2.json"}, ...]}
    {"data": {"Source": "http", "Value": document}}

DISTRIBUTED Map: a list is the object `{run}/{branch}-input.json` in the returns bucket, and the input says how many
there are: `{"size": 200}`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from runtime.encoding import encode
from runtime.limits import LIMITS
from runtime.orchestration.values.returns import return_key
from runtime.orchestration.workflow.envelope import SEPARATOR_BYTES, Pointer, answer_bytes
from scripts.client.aws import objects
from scripts.client.deployment import Deployment, require
from scripts.client.errors import UsageError
from scripts.client.input import fan_outs
from scripts.client.orchestrations import handing_over
from scripts.client.orchestrations.base import Orchestration, Progress, Verdict, starting
from scripts.client.orchestrations.sfn.history import History, unfinished
from scripts.client.stored import claim

MAX_INPUT_BYTES = 225_000
"""Of the 262,144 that Step Functions allows an execution's input or a state's: a caught error's cause needs room beside it."""

MAX_INLINE_ITEMS = 400
"""Branches of all fan-outs together. An execution's history ends at 25,000 events. An item of an inline Map takes 7, and 3 more
for each further attempt. So many stay below if each uses all its attempts for errors. They also do if they are throttled
for as long as the retrier lasts, about half an hour. A run that outgrows its history all the same fails, which is recorded."""

LIST_BYTES = 32 << 20
"""Of the list that a distributed Map reads, which the client holds as a whole: what has less room in it lies apart."""

_ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
_CLOCK_SKEW_SECONDS = 60
_END_SECONDS = 30.0
_END_INTERVAL_SECONDS = 0.5


class Sfn(Orchestration):
    """A run as one execution of a state machine."""

    service = "stepfunctions"
    has_keeper = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._history: History | None = None
        self._redriven: datetime | None = None

    @property
    def _distributed(self) -> bool:
        return self.aws.deployment.sfn_map_mode == "DISTRIBUTED"

    @property
    def _machine(self) -> str:
        return require(self.aws.deployment.state_machine_arn, "state machine")

    @property
    def _execution(self) -> str:
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{self.run_id}"

    @classmethod
    def crowding(cls, deployment: Deployment, sizes: Mapping[str, int], limit: int) -> str | None:
        """The state machine tries again what is throttled, but not for ever."""
        most = max(sizes.values(), default=0)
        if most <= limit:
            return None
        return (
            f"Step Functions will start {most} of this run, and try again for about half an hour what is throttled. Deploy with "
            f"sfn.map_concurrency={limit}"
        )

    def check(self, elements: Sequence[Any]) -> None:
        """A Map takes so many elements and no more."""
        super().check(elements)
        if not self.workflow.begins_with_fan_out:
            return
        branches = fan_outs.of_elements(self.workflow, elements)
        if self._distributed:
            for branch, size in branches.items():
                if size > (most := _most_branches(branch)):
                    option = fan_outs.option_of(self.workflow, branch)
                    raise UsageError(
                        f"{size} of {branch} are more than the {most} whose values a state can point to;"
                        f" use fewer ({option} {most})"
                    )
            return
        later = sum(branches.values()) - len(elements)
        if len(elements) + later > MAX_INLINE_ITEMS:
            larger = f"use larger chunks (--chunks {MAX_INLINE_ITEMS - later}), or " if 0 < later < MAX_INLINE_ITEMS else ""
            shown = " and ".join(f"{size} of {branch}" for branch, size in branches.items())
            raise UsageError(
                f"{shown} are more than the {MAX_INLINE_ITEMS} branches that inline Maps"
                f" can take, whose every attempt is in one history of 25,000 events; {larger}deploy with"
                " sfn.map_mode=DISTRIBUTED"
            )

    def start(self, elements: Sequence[Any], *, attended: bool) -> None:
        """Store what is too large for the input, then start the execution."""
        returns, first, room = self.aws.store("returns"), self.workflow.first, MAX_INPUT_BYTES - len('{"data":}')
        is_list = self.workflow.begins_with_fan_out
        each = self._distributed or not is_list
        if self._distributed and elements:
            room = min(room, LIST_BYTES // len(elements))
        data = handing_over.place(returns, self.run_id, first.name, elements, room, each=each)
        given: dict[str, Any] = {"data": data if is_list else data[0]}
        if self._distributed and is_list:
            objects.write(returns, f"{self.run_id}/{first.from_stage}.json", encode(data))
            given = {"size": len(elements)}
        client, text, began = self.aws.client("stepfunctions"), encode(given).decode(), time.time()
        with starting(f"starting an execution of {self._machine}"):
            try:
                client.start_execution(stateMachineArn=self._machine, name=self.run_id, input=text)
            except client.exceptions.ExecutionAlreadyExists:
                # When the answer to a first try was lost, the retry finds what that one started.
                found = client.describe_execution(executionArn=self._execution)
                if found.get("input") != text or found["startDate"].timestamp() < began - _CLOCK_SKEW_SECONDS:
                    raise

    def progress(self, size: int | None) -> Progress:
        """Count the tasks that have ended, by the execution's history, and by its Map Runs."""
        if self._history is None:
            self._history = History(self.workflow, self.sizes(size), distributed=self._distributed)
        return self._history.progress(self.aws.client("stepfunctions"), self._execution)

    def verdict(self) -> Verdict | None:
        """The execution's status, once it has ended."""
        found = self.aws.client("stepfunctions").describe_execution(executionArn=self._execution)
        if found["status"] not in _ENDED:
            return None
        if self._redriven is not None and found["stopDate"] <= self._redriven:
            return None  # the answer is older than the redrive: DescribeExecution is eventually consistent
        return Verdict(found["status"], found.get("error"), found.get("cause"))

    def cancel(self) -> None:
        """Stop the execution, if it has not ended."""
        client = self.aws.client("stepfunctions")
        with starting(f"stopping {self._execution}"):
            try:
                client.stop_execution(executionArn=self._execution, error="Cancelled", cause="cancelled by its user")
            except client.exceptions.ExecutionDoesNotExist:
                return
            except client.exceptions.ClientError:
                if self.verdict() is None:
                    raise

    def resume(self, size: int, *, attended: bool) -> list[str]:
        """Redrive the execution: what ended well is kept, in its history and its Map Runs."""
        client = self.aws.client("stepfunctions")
        with starting(f"redriving {self._execution}"):
            try:
                found = self._end(client)
            except client.exceptions.ExecutionDoesNotExist:
                raise UsageError(f"there is no execution of run {self.run_id} any more; start anew") from None
            if found["status"] == "SUCCEEDED":
                raise UsageError(f"the execution of run {self.run_id} succeeded, and can't be resumed; start anew")
            if found["status"] not in _ENDED:
                raise UsageError(f"the execution of run {self.run_id} still runs; wait for its end, or cancel the run")
            whole_map = found.get("error") == "States.DataLimitExceeded"
            again = unfinished(client, self._execution, self.workflow, size, distributed=self._distributed, whole_map=whole_map)
            redrives = found.get("redriveCount", 0) + 1
            # Before the redrive: what is told late of an earlier end is known by that.
            claim.change(self.aws.store("results"), self.run_id, lambda claimed: replace(claimed, redrives=redrives))
            self._redriven = client.redrive_execution(executionArn=self._execution)["redriveDate"]
        return again

    def _end(self, client: Any) -> dict[str, Any]:
        """The execution, once it has ended: it outlives the record of its failure by the tasks that still run."""
        deadline = time.monotonic() + _END_SECONDS
        while True:
            found: dict[str, Any] = client.describe_execution(executionArn=self._execution)
            if found["status"] in _ENDED or time.monotonic() >= deadline:
                return found
            time.sleep(_END_INTERVAL_SECONDS)


def _most_branches(branch: str) -> int:
    """How many branches of a function a state has room for where each value is a claim check. It is less than 9999."""
    return LIMITS.state_bytes // (answer_bytes(Pointer(return_key(branch, 9999)).json()) + SEPARATOR_BYTES)
