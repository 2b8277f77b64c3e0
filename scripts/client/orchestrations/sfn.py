"""sfn: the client starts a state machine execution; its name is the run id.

INLINE Map: the chunks are the execution's input. What makes it too large travels as claim checks::

    {"data": [{"Source": "http", "Value": chunk}, {"Source": "s3", "Value": "mapper.input/2.json"}, ...]}

DISTRIBUTED Map: the same array is the object `{run}/mapper-input.json` in the returns bucket, and the input says how many
there are: `{"size": 200}`.
"""

import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from runtime.encoding import encode
from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from runtime.orchestration.sfn.orchestration import STATE_BYTES
from runtime.orchestration.workflow.envelope import SEPARATOR_BYTES, Inline, answer_bytes
from scripts.client.aws import objects
from scripts.client.deployment import require
from scripts.client.errors import UsageError
from scripts.client.orchestrations import elements
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress, Verdict, starting
from scripts.client.orchestrations.sfn_history import unfinished
from scripts.client.stored import claim

MAX_INPUT_BYTES = 225_000
"""Of the 262,144 that Step Functions allows an execution's input or a state's: a caught error's cause needs room beside it."""

MAX_INLINE_ITEMS = 400
"""Chunks and reducers together. An execution's history ends at 25,000 events. An item of an inline Map takes 7, and 3 more
for each further attempt. So many stay below if each uses all its attempts for errors. They also do if they are throttled
for as long as the retrier lasts, about half an hour. A run that outgrows its history all the same fails, which is recorded."""

_SUCCEEDED = ("TaskSucceeded", "LambdaFunctionSucceeded")
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
        self._last_event = 0
        self._tasks_done = 0
        self._reducers: int | None = None
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

    def check(self, chunks: Sequence[Chunk]) -> None:
        """A Map takes so many chunks and no more."""
        super().check(chunks)
        most = min((STATE_BYTES // _answer_bytes(chunk) for chunk in chunks[:1]), default=0)
        if self._distributed and len(chunks) > most:
            raise UsageError(
                f"{len(chunks)} chunks are more than the {most} whose return values a state can hold;"
                f" use larger chunks (--chunks {most})"
            )
        reducers = max((chunk.get("numReducer", DEFAULT_NUM_REDUCER) for chunk in chunks), default=0)
        if not self._distributed and len(chunks) + reducers > MAX_INLINE_ITEMS:
            larger = f"use larger chunks (--chunks {MAX_INLINE_ITEMS - reducers}), or " if reducers < MAX_INLINE_ITEMS else ""
            raise UsageError(
                f"{len(chunks)} chunks and {reducers} reducers are more than the {MAX_INLINE_ITEMS} items that inline Maps"
                f" can take, whose every attempt is in one history of 25,000 events; {larger}deploy with"
                " sfn_map_mode=DISTRIBUTED"
            )

    def start(self, chunks: Sequence[Chunk], *, attended: bool) -> None:
        """Store what is too large for the input, then start the execution."""
        returns = self.aws.store("returns")
        data = elements.place(returns, self.run_id, chunks, MAX_INPUT_BYTES - len('{"data":}'), each=self._distributed)
        given: dict[str, Any] = {"data": data}
        if self._distributed:
            objects.write(returns, f"{self.run_id}/mapper-input.json", encode(data))
            given = {"size": len(chunks)}
        client, text, began = self.aws.client("stepfunctions"), encode(given).decode(), time.time()
        with starting(f"starting an execution of {self._machine}"):
            try:
                client.start_execution(stateMachineArn=self._machine, name=self.run_id, input=text)
            except client.exceptions.ExecutionAlreadyExists:
                # When the answer to a first try was lost, the retry finds what that one started.
                found = client.describe_execution(executionArn=self._execution)
                if found.get("input") != text or found["startDate"].timestamp() < began - _CLOCK_SKEW_SECONDS:
                    raise

    def progress(self, mappers: int | None) -> Progress:
        """Count ended tasks in the execution's history: first the mappers, then partition, then the reducers."""
        self._read_history(0 if self._distributed else mappers)
        runs = self._map_runs() if self._distributed else []
        if self._distributed:
            mapped = runs[0] if runs else 0
            after_mappers = self._tasks_done
        elif mappers is None:
            return Progress()
        else:
            mapped = min(self._tasks_done, mappers)
            after_mappers = self._tasks_done - mapped
        if not after_mappers:
            return Progress(mapped)
        reduced = runs[1] if len(runs) > 1 else after_mappers - 1
        if self._reducers is not None:
            reduced = min(reduced, self._reducers)  # what comes after them is summary
        return Progress(mapped, reduced, self._reducers)

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

    def resume(self, mappers: int, *, attended: bool) -> list[str]:
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
            again = unfinished(client, self._execution, mappers, distributed=self._distributed, whole_map=whole_map)
            claim.note_redrive(self.aws.store("results"), self.run_id, found.get("redriveCount", 0) + 1)
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

    def _read_history(self, tasks_before_partition: int | None) -> None:
        """Take in the events since the last call, newest page first, each once."""
        pages = (
            self.aws.client("stepfunctions")
            .get_paginator("get_execution_history")
            .paginate(executionArn=self._execution, reverseOrder=True, PaginationConfig={"PageSize": 200})
        )
        fresh = []
        for event in (event for page in pages for event in page["events"]):
            if event["id"] <= self._last_event:
                break
            fresh.append(event)
        for event in reversed(fresh):
            self._last_event = event["id"]
            if event["type"] in _SUCCEEDED and not _lets_go_on(event):
                if self._tasks_done == tasks_before_partition:
                    self._reducers = _length(_output(event))
                self._tasks_done += 1

    def _map_runs(self) -> list[int]:
        """How many items each Map Run has done, in the order of their start."""
        client = self.aws.client("stepfunctions")
        found = client.list_map_runs(executionArn=self._execution)["mapRuns"]
        arns = [run["mapRunArn"] for run in sorted(found, key=lambda run: run["startDate"])]
        return [client.describe_map_run(mapRunArn=arn)["itemCounts"]["succeeded"] for arn in arns]


def _answer_bytes(chunk: Chunk) -> int:
    """What a mapper returns, as an item of the Map's output: its destination and number of reducers, which all chunks share."""
    returned = {"bucket": chunk["destination"], "numReducer": chunk.get("numReducer", DEFAULT_NUM_REDUCER)}
    return answer_bytes(Inline(returned).json()) + SEPARATOR_BYTES


def _output(event: dict[str, Any]) -> Any:
    details = event.get("taskSucceededEventDetails") or event.get("lambdaFunctionSucceededEventDetails") or {}
    return json.loads(details.get("output") or "null")


def _lets_go_on(event: dict[str, Any]) -> bool:
    """Whether it was the recorder of failures that succeeded: it answers a redriven execution with what it recorded."""
    output = _output(event)
    return isinstance(output, dict) and "log_group" in output


def _length(output: Any) -> int | None:
    """The length of partition's array, which its task may have wrapped; None if there is none to be found."""
    while isinstance(output, dict):
        output = next((output[key] for key in ("Payload", "data", "Data", "Value") if key in output), None)
    return len(output) if isinstance(output, list) else None
