"""RedriveExecution and StopExecution on the embedded AWS: what runs again, what doesn't, and what is told of it."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.emulator import Emulator, code, until

HANDLER = """
import os, time, uuid
import obstore
from obstore.store import S3Store

STORE = S3Store(os.environ["BUCKET"], client_options={"allow_http": True})

class Refused(Exception):
    pass

def count(prefix):
    return sum(len(page) for page in obstore.list(STORE, prefix=prefix))

def handler(event, context):
    name = str(event["name"])
    obstore.put(STORE, "call/" + name + "/" + uuid.uuid4().hex, b"", use_multipart=False)
    while event.get("do") == "wait" and not count("go/" + name):
        time.sleep(0.05)
    if event.get("do") == "refuse" and not count("mended"):
        raise Refused(name)
    obstore.put(STORE, "returned/" + uuid.uuid4().hex, b"", use_multipart=False)
    return event
"""

RETRY = [{"ErrorEquals": ["Refused"], "IntervalSeconds": 0, "MaxAttempts": 1}]
EACH_MODE = pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])


class Stage:
    """A function that fails until it is mended, and waits until it is told to go on; the bucket has a key for each call."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.states = emulator, emulator.states
        self.bucket = emulator.bucket()
        self.function = emulator.function(code=HANDLER, Environment={"Variables": {"BUCKET": self.bucket}})

    def task(self, **more: Any) -> dict[str, Any]:
        return {"Type": "Task", "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{self.function}", **more}

    def fan_out(self, mode: str, states: dict[str, Any], **more: Any) -> dict[str, Any]:
        configuration = {"Mode": mode} if mode == "INLINE" else {"Mode": mode, "ExecutionType": "STANDARD"}
        processor = {"ProcessorConfig": configuration, "StartAt": next(iter(states)), "States": states}
        return {"Type": "Map", "ItemProcessor": processor, **more}

    def start(self, states: dict[str, Any], data: Any) -> str:
        statement = {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": "*"}
        self.machine = self.states.create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:12]}",
            definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
            roleArn=self.emulator.role(statement),
        )["stateMachineArn"]
        return str(self.states.start_execution(stateMachineArn=self.machine, input=json.dumps(data))["executionArn"])

    def ended(self, arn: str) -> dict[str, Any]:
        until(lambda: self.states.describe_execution(executionArn=arn)["status"] != "RUNNING", 60)
        return dict(self.states.describe_execution(executionArn=arn))

    def redrive(self, arn: str) -> dict[str, Any]:
        self.states.redrive_execution(executionArn=arn)
        return self.ended(arn)

    def put(self, key: str) -> None:
        self.emulator.s3.put_object(Bucket=self.bucket, Key=f"{key}/now")

    def calls(self, name: object) -> int:
        return len(self.emulator.keys(self.bucket, f"call/{name}/"))

    def events(self, arn: str) -> list[dict[str, Any]]:
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def types(self, arn: str) -> list[str]:
        return [event["type"] for event in self.events(arn)]

    def children(self, arn: str) -> list[dict[str, Any]]:
        runs = self.states.list_map_runs(executionArn=arn)["mapRuns"]
        return [child for run in runs for child in self.states.list_executions(mapRunArn=run["mapRunArn"])["executions"]]

    def idle(self) -> bool:
        """Whether none of the function's invocations runs."""
        return len(self.emulator.keys(self.bucket, "returned/")) == len(self.emulator.keys(self.bucket, "call/"))


@pytest.fixture
def stage(emulator: Emulator) -> Stage:
    return Stage(emulator)


def chain(stage: Stage) -> dict[str, Any]:
    """Two tasks, of which the second fails until it is mended."""
    second = {"name": "second", "do": "refuse", "first.$": "$.name"}
    return {
        "First": stage.task(Next="Second"),
        "Second": stage.task(Parameters=second, Retry=RETRY, Next="Last"),
        "Last": {"Type": "Pass", "End": True},
    }


def test_redrive_goes_on_with_the_task_that_failed(stage: Stage) -> None:
    arn = stage.start(chain(stage), {"name": "first"})
    failed = stage.ended(arn)
    assert (failed["status"], failed["redriveStatus"], failed["redriveCount"]) == ("FAILED", "REDRIVABLE", 0)
    assert stage.redrive(arn)["redriveCount"] == 1
    stage.put("mended")
    began = len(stage.events(arn))

    done = stage.redrive(arn)

    assert (done["status"], done["redriveCount"], done["redriveStatus"]) == ("SUCCEEDED", 2, "NOT_REDRIVABLE")
    assert json.loads(done["output"]) == {"name": "second", "do": "refuse", "first": "first"}
    assert failed["stopDate"] < done["redriveDate"] <= done["stopDate"]
    assert (stage.calls("first"), stage.calls("second")) == (1, 2 + 2 + 1), "each redrive has retries of its own"
    assert stage.types(arn)[began:] == [
        *("ExecutionRedriven", "TaskScheduled", "TaskSucceeded", "TaskStateExited"),
        *("PassStateEntered", "PassStateExited", "ExecutionSucceeded"),
    ]
    assert stage.events(arn)[began]["executionRedrivenEventDetails"] == {"redriveCount": 2}


@EACH_MODE
def test_of_a_map_only_what_did_not_succeed_runs_again(stage: Stage, mode: str) -> None:
    selector = {"name.$": "$$.Map.Item.Index", "do.$": "$$.Map.Item.Value"}
    after = {"Type": "Pass", "Parameters": {"index.$": "$.name"}, "End": True}
    fan_out = stage.fan_out(mode, {"Task": stage.task(Retry=RETRY, Next="After"), "After": after}, ItemSelector=selector)
    # One at a time: whoever comes before the failure has ended, whatever ends a Map early.
    arn = stage.start({"Map": {**fan_out, "MaxConcurrency": 1, "End": True}}, ["", "", "", "refuse"])
    assert stage.ended(arn)["status"] == "FAILED"
    stage.put("mended")

    done = stage.redrive(arn)

    assert done["status"] == "SUCCEEDED"
    assert json.loads(done["output"]) == [{"index": index} for index in range(4)]
    assert [stage.calls(index) for index in range(4)] == [1, 1, 1, 2 + 1]


def test_an_iteration_goes_on_with_the_state_that_failed(stage: Stage) -> None:
    refusing = {"name": "two", "do": "refuse", "before.$": "$.one.name"}
    states = {"One": stage.task(ResultPath="$.one", Next="Two"), "Two": stage.task(Parameters=refusing, End=True)}
    arn = stage.start({"Map": stage.fan_out("INLINE", states, End=True)}, [{"name": "one"}])
    stage.ended(arn)
    stage.put("mended")

    done = stage.redrive(arn)

    assert json.loads(done["output"]) == [{"name": "two", "do": "refuse", "before": "one"}]
    assert (stage.calls("one"), stage.calls("two")) == (1, 2)


def test_a_map_run_is_redriven_with_its_children(stage: Stage) -> None:
    fan_out = stage.fan_out("DISTRIBUTED", {"Task": stage.task(End=True)}, End=True)
    arn = stage.start({"Map": {**fan_out, "MaxConcurrency": 1}}, [{"name": 0}, {"name": 1, "do": "refuse"}, {"name": 2}])
    stage.ended(arn)
    (before,) = stage.states.list_map_runs(executionArn=arn)["mapRuns"]
    counts = stage.states.describe_map_run(mapRunArn=before["mapRunArn"])["itemCounts"]
    assert {name for name, count in counts.items() if count == 1} == {"succeeded", "failed", "pending"}, "the third did not begin"
    stage.put("mended")

    stage.redrive(arn)

    (after,) = stage.states.list_map_runs(executionArn=arn)["mapRuns"]
    described = stage.states.describe_map_run(mapRunArn=after["mapRunArn"])
    children = stage.states.list_executions(mapRunArn=after["mapRunArn"])["executions"]
    told = [stage.states.describe_execution(executionArn=child["executionArn"]) for child in children]
    assert after["mapRunArn"] == before["mapRunArn"]
    assert (described["status"], described["redriveCount"], described["itemCounts"]["succeeded"]) == ("SUCCEEDED", 1, 3)
    assert sorted((json.loads(child["input"])["name"], child["redriveCount"]) for child in told) == [(0, 0), (1, 1), (2, 0)]
    assert [stage.calls(name) for name in range(3)] == [1, 2, 1]
    with pytest.raises(ClientError) as error:
        stage.states.redrive_execution(executionArn=children[0]["executionArn"])
    assert code(error) == "ExecutionNotRedrivable"


@EACH_MODE
def test_the_context_counts_redrives(stage: Stage, mode: str) -> None:
    count = {"name": "x", "do": "refuse", "count.$": "$$.Execution.RedriveCount"}
    fan_out = stage.fan_out(mode, {"Task": stage.task(Parameters=count, End=True)})
    after = {"Type": "Pass", "Parameters": {"items.$": "$", "time.$": "$$.Execution.RedriveTime"}, "End": True}
    arn = stage.start({"Map": {**fan_out, "Next": "After"}, "After": after}, [{}])
    stage.ended(arn)
    stage.put("mended")

    output = json.loads(stage.redrive(arn)["output"])

    assert output["items"] == [{"name": "x", "do": "refuse", "count": 1}]
    assert output["time"].endswith("Z")


def test_there_is_no_time_of_a_redrive_before_the_first(stage: Stage) -> None:
    states = {"P": {"Type": "Pass", "Parameters": {"count.$": "$$.Execution.RedriveCount"}, "Next": "Q"}}
    states["Q"] = {"Type": "Pass", "Parameters": {"time.$": "$$.Execution.RedriveTime"}, "End": True}

    arn = stage.start(states, {})

    assert stage.ended(arn)["error"] == "States.Runtime"
    (exited,) = [event["stateExitedEventDetails"] for event in stage.events(arn) if event["type"] == "PassStateExited"]
    assert json.loads(exited["output"]) == {"count": 0}


def test_a_redrive_keeps_to_the_definition_that_the_execution_began_with(stage: Stage) -> None:
    arn = stage.start(chain(stage), {"name": "first"})
    stage.ended(arn)
    stage.put("mended")
    other = {"StartAt": "Second", "States": {"Second": {"Type": "Fail"}}}
    stage.states.update_state_machine(stateMachineArn=stage.machine, definition=json.dumps(other))

    assert stage.redrive(arn)["status"] == "SUCCEEDED"


def test_what_runs_or_succeeded_is_not_redrivable(stage: Stage) -> None:
    arn = stage.start({"Task": stage.task(End=True)}, {"name": "x", "do": "wait"})
    with pytest.raises(ClientError) as running:
        stage.states.redrive_execution(executionArn=arn)
    stage.put("go/x")
    stage.ended(arn)
    with pytest.raises(ClientError) as succeeded:
        stage.states.redrive_execution(executionArn=arn)
    with pytest.raises(ClientError) as unknown:
        stage.states.redrive_execution(executionArn=arn + "x")

    assert [code(error) for error in (running, succeeded)] == ["ExecutionNotRedrivable"] * 2
    assert code(unknown) == "ExecutionDoesNotExist"


def test_the_same_client_token_redrives_once(stage: Stage) -> None:
    arn = stage.start(chain(stage), {"name": "first"})
    stage.ended(arn)

    dates = [stage.states.redrive_execution(executionArn=arn, clientToken="a")["redriveDate"] for _ in range(2)]

    assert dates[0] == dates[1]
    assert stage.ended(arn)["redriveCount"] == 1


@EACH_MODE
def test_nothing_goes_on_after_a_stop(stage: Stage, mode: str) -> None:
    fan_out = stage.fan_out(mode, {"Task": stage.task(Retry=RETRY, Next="More"), "More": stage.task(End=True)})
    states = {
        "Map": {**fan_out, "MaxConcurrency": 2, "Next": "After"},
        "After": stage.task(Parameters={"name": "after"}, End=True),
    }
    arn = stage.start(states, [{"name": index, "do": "wait"} for index in range(4)])
    until(lambda: stage.calls(0) + stage.calls(1) == 2, 60)
    running = stage.children(arn)

    stage.states.stop_execution(executionArn=arn, error="Cancelled", cause="by the test")
    stopped = stage.types(arn)
    for index in range(4):
        stage.put(f"go/{index}")
    until(stage.idle, 60)
    stage.ended(stage.start({"P": {"Type": "Pass", "End": True}}, {}))  # time enough for whoever would go on

    ended = stage.ended(arn)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Cancelled", "by the test")
    assert [stage.calls(name) for name in (0, 1, 2, 3, "after")] == [1, 1, 0, 0, 0]
    assert stage.types(arn) == stopped
    assert [child["status"] for child in stage.children(arn)] == ["ABORTED"] * len(running)


@EACH_MODE
def test_what_was_stopped_can_be_redriven_while_its_functions_still_run(stage: Stage, mode: str) -> None:
    fan_out = stage.fan_out(mode, {"Task": stage.task(End=True)}, End=True)
    arn = stage.start({"Map": fan_out}, [{"name": index, "do": "wait"} for index in range(2)])
    until(lambda: stage.calls(0) + stage.calls(1) == 2, 60)
    stage.states.stop_execution(executionArn=arn)

    stage.states.redrive_execution(executionArn=arn)
    until(lambda: stage.calls(0) + stage.calls(1) == 4, 60)
    for index in range(2):
        stage.put(f"go/{index}")

    assert json.loads(stage.ended(arn)["output"]) == [{"name": index, "do": "wait"} for index in range(2)]
    assert stage.types(arn).count("ExecutionSucceeded") == 1
    assert [stage.calls(index) for index in range(2)] == [2, 2]
