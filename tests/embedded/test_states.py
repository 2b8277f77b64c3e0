"""Step Functions on the emulator: limits, contexts, paths, maps and roles."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.emulator import INVOKE, LIMIT, Emulator, code, linux, task, workers


def test_data_limit_is_enforced_and_terminal(emulator: Emulator) -> None:
    catch = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "T"}]}
    done = emulator.execute(task(emulator.function(), **catch), {"do": "return", "bytes": 300_000})
    assert (done["status"], done["error"]) == ("FAILED", "States.DataLimitExceeded")
    with pytest.raises(ClientError):
        emulator.execute(task(emulator.function()), "x" * 262_144)


def test_retry_matches_the_class_name(emulator: Emulator) -> None:
    retry = {"Retry": [{"ErrorEquals": ["Refused"], "IntervalSeconds": 0, "MaxAttempts": 2}]}
    name = emulator.function()
    done = emulator.execute(task(name, **retry), {"do": "raise"})
    assert done["error"] == "Refused"
    assert json.loads(done["cause"])["errorType"] == "Refused"
    assert emulator.requests()["functions"][name] == 3


def test_result_selectors_read_the_context(emulator: Emulator) -> None:
    selector = {"ResultSelector": {"run.$": "$$.Execution.Name", "state.$": "$$.State.Name", "value.$": "$.v"}}
    done = emulator.execute(task(emulator.function(), **selector), {"v": 1})
    output = json.loads(done["output"])
    assert output["run"].startswith("run-")
    assert (output["state"], output["value"]) == ("T", 1)


@linux
@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_a_map_of_100_starts_few_processes(emulator: Emulator, mode: str) -> None:
    name = emulator.function()
    processor: dict[str, Any] = {**task(name), "ProcessorConfig": {"Mode": mode}}
    if mode == "DISTRIBUTED":
        processor["ProcessorConfig"]["ExecutionType"] = "STANDARD"
    definition = {"StartAt": "M", "States": {"M": {"Type": "Map", "End": True, "ItemProcessor": processor}}}
    most = 0
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(emulator.execute, definition, [{"n": n} for n in range(100)])
        while not running.done():
            most = max(most, len(workers(emulator, name)))
            time.sleep(0.1)
    assert json.loads(running.result()["output"]) == [{"n": n} for n in range(100)]
    assert most <= 3 * LIMIT + 8


def test_children_of_a_distributed_map_have_their_own_context(emulator: Emulator) -> None:
    look = {"own.$": "$$.Execution.Name", "run.$": "$.run", "index.$": "$.index"}
    states = {"P": {"Type": "Pass", "Parameters": look, "End": True}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": states}
    selector = {"run.$": "$$.Execution.Name", "index.$": "$$.Map.Item.Index"}
    definition = {
        "StartAt": "M",
        "States": {"M": {"Type": "Map", "End": True, "ItemSelector": selector, "ItemProcessor": processor}},
    }

    done = emulator.execute(definition, ["a"])

    (child,) = json.loads(done["output"])
    assert child["run"] == done["name"]
    assert child["own"] != done["name"]
    assert child["index"] == 0
    states["P"]["Parameters"] = {"index.$": "$$.Map.Item.Index"}
    assert emulator.execute(definition, ["a"])["status"] == "FAILED"


def test_a_path_that_is_not_there_fails_the_state(emulator: Emulator) -> None:
    def run(parameters: dict[str, Any]) -> dict[str, Any]:
        state = {"Type": "Pass", "Parameters": parameters, "End": True}
        return emulator.execute(
            {"StartAt": "P", "States": {"P": state}}, {"Fan-out": {"Index": 1}, "empty": None, "l": [{"n": 1}]}
        )

    given = {"a.$": "$['Fan-out'].Index", "b.$": "$.empty", "c.$": "$.l[*].n", "d": {"e.$": "$.l[0]"}}
    assert json.loads(run(given)["output"]) == {"a": 1, "b": None, "c": [1], "d": {"e": {"n": 1}}}
    for missing in ({"a.$": "$.nope"}, {"a": {"b.$": "$.l[1]"}}, {"a.$": "$$.Map.Item.Index"}):
        done = run(missing)
        assert (done["status"], done["error"]) == ("FAILED", "States.Runtime")


def test_starting_the_same_execution_twice(emulator: Emulator) -> None:
    machine = emulator.states.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:12]}", definition=json.dumps(task(emulator.function())), roleArn=emulator.role()
    )
    start = {"stateMachineArn": machine["stateMachineArn"], "name": "run-1", "input": '{"do": "sleep", "seconds": 1}'}
    first = emulator.states.start_execution(**start)
    assert emulator.states.start_execution(**start)["executionArn"] == first["executionArn"]
    with pytest.raises(ClientError) as error:
        emulator.states.start_execution(**{**start, "input": "{}"})
    assert code(error) == "ExecutionAlreadyExists"


def test_a_machine_needs_a_role_that_may_invoke_the_function(emulator: Emulator) -> None:
    name = emulator.function()
    role = emulator.role({**INVOKE, "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{name}-other"})
    done = emulator.execute(task(name), {}, role=role)
    assert (done["status"], done["error"]) == ("FAILED", "Lambda.AWSLambdaException")
    assert "not authorized to perform: lambda:InvokeFunction" in done["cause"]
    assert done["cause"].partition(" (Service")[0] in emulator.log()
    processor = {**task(name), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    mapped = {"StartAt": "M", "States": {"M": {"Type": "Map", "End": True, "ItemProcessor": processor}}}
    assert emulator.execute(mapped, [{}], role=role)["status"] == "FAILED"
    assert emulator.execute(mapped, [{}])["status"] == "SUCCEEDED"


def test_a_distributed_map_fails_when_the_input_of_a_child_cannot_be_made(emulator: Emulator) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    }

    def run(path: str) -> dict[str, Any]:
        state = {"Type": "Map", "End": True, "ItemSelector": {"run.$": path}, "ItemProcessor": processor}
        return emulator.execute({"StartAt": "M", "States": {"M": state}}, [1, 2])

    assert json.loads(run("$[0]")["output"]) == [{"run": 1}, {"run": 1}]
    done = run("$.nope")
    assert (done["status"], done["error"]) == ("FAILED", "States.Runtime")


def test_a_throttled_task_is_named_as_lambda_names_it(emulator: Emulator) -> None:
    name = emulator.function()
    emulator.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    done = emulator.execute(task(name), {})

    assert (done["status"], done["error"]) == ("FAILED", "Lambda.TooManyRequestsException")


def test_an_inline_map_runs_40_iterations_at_once(emulator: Emulator) -> None:
    def seconds(items: int) -> float:
        wait = {"Type": "Wait", "Seconds": 2, "End": True}
        mapped = {"Type": "Map", "End": True, "ItemProcessor": {"StartAt": "W", "States": {"W": wait}}}
        done = emulator.execute({"StartAt": "M", "States": {"M": mapped}}, list(range(items)))
        return float((done["stopDate"] - done["startDate"]).total_seconds())

    assert seconds(40) < 4 <= seconds(41)


def test_a_map_over_anything_but_an_array_fails(emulator: Emulator) -> None:
    processor = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    mapped = {"Type": "Map", "End": True, "ItemsPath": "$.data", "ItemProcessor": processor}

    done = emulator.execute({"StartAt": "M", "States": {"M": mapped}}, {"data": {"no": "array"}})

    assert (done["status"], done["error"]) == ("FAILED", "States.Runtime")
