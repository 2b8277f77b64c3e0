"""The compiled state machine: what each state does, in wordcount and in any other chain, and in both Map modes."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.orchestration.recorder.reading import read_failure
from runtime.orchestration.recorder.recording import RunFailed
from scripts.package.workflow.model import Step, Workflow
from scripts.package.workflow.state_machine import MODES, Mode, state_machine
from tests.fakes.workflows import chains

WORDCOUNT = Workflow("wordcount", (Step("mapper", True), Step("partition"), Step("reducer", True), Step("summary")))
CHAIN = Workflow("chain", (Step("split"), Step("square", True), Step("total"), Step("describe")))

LAMBDAS_OWN = ("ServiceException", "AWSLambdaException", "SdkClientException", "ClientExecutionTimeoutException")
"""Errors of the service, after which the function may or may not have run."""

modes = st.sampled_from(MODES)
each_mode = pytest.mark.parametrize("mode", MODES)


def all_states(states: dict[str, Any]) -> dict[str, Any]:
    """The states of a machine, also those within its Maps."""
    found = dict(states)
    for state in states.values():
        if state["Type"] == "Map":
            found |= all_states(state["ItemProcessor"]["States"])
    return found


def compiled(workflow: Workflow, mode: Mode = "INLINE") -> dict[str, Any]:
    return all_states(state_machine(workflow, mode)["States"])


def maps(workflow: Workflow, mode: Mode) -> list[dict[str, Any]]:
    return [state for state in compiled(workflow, mode).values() if state["Type"] == "Map"]


def path(machine: dict[str, Any]) -> list[str]:
    """Names of the states that an execution without failures goes through, those of its Maps left out."""
    names, name = [], machine["StartAt"]
    while name is not None:
        names.append(name)
        name = machine["States"][name].get("Next")
    return names


@each_mode
def test_execution_goes_through_the_workflow(mode: Mode) -> None:
    assert path(state_machine(WORDCOUNT, mode)) == ["mapper-map", "partition", "reducer-map", "summary"]


@given(workflow=chains(), mode=modes)
def test_any_chain_is_gone_through(workflow: Workflow, mode: Mode) -> None:
    machine = state_machine(workflow, mode)

    names = path(machine)
    assert names == [f"{step.function}-map" if step.branch else step.function for step in workflow.steps]
    assert [name for name in names if machine["States"][name].get("End")] == names[-1:]


@given(workflow=chains(), mode=modes)
def test_every_function_is_invoked_by_one_task(workflow: Workflow, mode: Mode) -> None:
    states = compiled(workflow, mode)

    invoked = {name: state["Resource"] for name, state in states.items() if state["Type"] == "Task" and "-" not in name}
    assert invoked == {step.function: f"${{function_arns.{step.function}}}" for step in workflow.steps}


@given(workflow=chains(), mode=modes)
def test_every_state_that_is_named_is_there(workflow: Workflow, mode: Mode) -> None:
    machine = state_machine(workflow, mode)

    for states in [machine["States"], *(state["ItemProcessor"]["States"] for state in maps(workflow, mode))]:
        for state in states.values():
            assert {state["Next"]} <= states.keys() if "Next" in state else state["End"] is True
            assert all(catcher["Next"] in states for catcher in state.get("Catch", []))


def test_branch_is_told_its_run_its_datum_and_its_place() -> None:
    first, later = maps(WORDCOUNT, "INLINE")

    place = {"Index.$": "States.MathAdd($$.Map.Item.Index, 1)", "Size.$": "States.ArrayLength($.data)"}
    run = {"Session.$": "$$.Execution.Name", "Fan-out": place}
    assert first["ItemSelector"] == {"Data.$": "$$.Map.Item.Value", **run}
    assert later["ItemSelector"] == {"Data": {"Source.$": "$.source", "Value.$": "$$.Map.Item.Value"}, **run}
    assert compiled(WORDCOUNT)["mapper"]["Parameters"] == {
        "Session.$": "$.Session",
        "Data.$": "$.Data",
        "Fan-out.$": "$['Fan-out']",
    }


def test_function_of_the_chain_gets_what_the_one_before_it_answered() -> None:
    states = compiled(CHAIN)

    for name in ("split", "total", "describe"):
        assert states[name]["Parameters"] == {"Session.$": "$$.Execution.Name", "Data.$": "$.data"}
    # Its array, which the Map fans out over, and whether that holds values or the keys of claim checks.
    assert states["split"]["ResultSelector"] == {"data.$": "$.Value", "source.$": "$.Source"}
    assert states["square-map"]["ResultSelector"] == {"data.$": "$"}
    assert states["total"]["ResultSelector"] == {"data.$": "$"}  # its answer as it is: a value or a claim check
    assert "ResultSelector" not in states["describe"]


@given(workflow=chains())
def test_fan_outs_of_inline_maps_are_over_the_data(workflow: Workflow) -> None:
    for state in maps(workflow, "INLINE"):
        assert state["ItemsPath"] == "$.data"
        assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}


def test_distributed_reads_the_input_from_the_returns_bucket() -> None:
    first, later = maps(WORDCOUNT, "DISTRIBUTED")

    assert first["ItemReader"] == {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {
            "Bucket": "${returns_bucket}",
            "Key.$": "States.Format('{}/mapper-input.json', $$.Execution.Name)",
        },
    }
    assert first["ItemSelector"]["Fan-out"]["Size.$"] == "$.size"
    assert ("ItemsPath" in first, later["ItemsPath"], "ItemReader" in later) == (False, "$.data", False)


def test_distributed_reads_no_input_of_a_workflow_that_begins_with_a_task() -> None:
    assert "ItemReader" not in json.dumps(state_machine(CHAIN, "DISTRIBUTED"))


@given(workflow=chains())
def test_distributed_runs_every_map_as_executions(workflow: Workflow) -> None:
    for state in maps(workflow, "DISTRIBUTED"):
        assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


@given(workflow=chains(), mode=modes)
def test_maps_share_one_concurrency_and_leave_failures_to_their_iterations(workflow: Workflow, mode: Mode) -> None:
    for state in maps(workflow, mode):
        assert state["MaxConcurrency"] == "${map_concurrency}"
        assert not {"Catch", "Retry"} & state.keys()


@given(workflow=chains(), mode=modes)
def test_every_task_retries(workflow: Workflow, mode: Mode) -> None:
    for name, state in compiled(workflow, mode).items():
        if state["Type"] == "Task":
            retriers = state["Retry"][1:] if name.endswith("-failed") else state["Retry"]
            throttled, lambdas, others = [retry["ErrorEquals"] for retry in retriers]
            assert (throttled, others) == (["Lambda.TooManyRequestsException"], ["States.ALL"]), name
            assert set(lambdas) == {f"Lambda.{error}" for error in LAMBDAS_OWN}, name
            assert all(retry["JitterStrategy"] == "FULL" and retry["BackoffRate"] > 1 for retry in retriers), name


@given(workflow=chains())
def test_throttled_functions_are_tried_for_long(workflow: Workflow) -> None:
    states = compiled(workflow)

    for step in workflow.steps:
        throttled = states[step.function]["Retry"][0]
        assert (throttled["MaxAttempts"], throttled["MaxDelaySeconds"]) == (60, 60)
        assert states[step.function]["TimeoutSeconds"] == 960


@pytest.mark.parametrize("error", ["Lambda.Unknown", "States.Timeout", "Sandbox.Timedout", "Runtime.ExitError", "ValueError"])
def test_poisoned_branch_costs_three_attempts(error: str) -> None:
    """Step Functions calls a function that ran out of memory or time `Lambda.Unknown`, among others
    (https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception)."""
    states = compiled(WORDCOUNT)

    for step in WORDCOUNT.steps:
        retriers = states[step.function]["Retry"]
        retrier = next(retry for retry in retriers if {error, "States.ALL"} & set(retry["ErrorEquals"]))
        assert 1 + retrier["MaxAttempts"] == 3, step


@given(workflow=chains(), mode=modes)
def test_failure_of_every_function_is_recorded_and_leads_back_to_it(workflow: Workflow, mode: Mode) -> None:
    states = compiled(workflow, mode)

    for step in workflow.steps:
        (catcher,) = states[step.function]["Catch"]
        caught = states[catcher["Next"]]
        recorder = states[caught["Next"]]
        assert (catcher["ErrorEquals"], catcher["ResultPath"]) == (["States.ALL"], "$.Failure")
        assert (caught["Type"], caught["ResultPath"]) == ("Pass", "$.Caught")
        assert (recorder["Resource"], recorder["Parameters"]["Failure"]["Function"]) == (
            "${function_arns.recorder}",
            step.function,
        )
        assert (recorder["ResultPath"], recorder["Next"]) == (None, step.function)


@given(workflow=chains(), mode=modes)
def test_record_says_the_run_and_a_branches_index(workflow: Workflow, mode: Mode) -> None:
    states = compiled(workflow, mode)

    for step in workflow.steps:
        told = states[f"{step.function}-failed"]["Parameters"]
        assert told["Session.$"] == ("$.Session" if step.branch else "$$.Execution.Name")
        assert told["Failure"].get("Index.$") == ("$['Fan-out'].Index" if step.branch else None)


@given(workflow=chains())
def test_recorder_is_told_how_often_each_kind_of_error_is_attempted(workflow: Workflow) -> None:
    states = compiled(workflow)

    for step in workflow.steps:
        told = states[f"{step.function}-failed"]["Parameters"]["Failure"]["Attempts"]
        retriers = states[step.function]["Retry"]
        assert told == {error: 1 + retry["MaxAttempts"] for retry in retriers for error in retry["ErrorEquals"]}


@pytest.mark.parametrize(("error", "attempts"), [("Lambda.TooManyRequestsException", 61), ("Lambda.Unknown", 3)])
def test_record_of_a_failure_says_how_often_the_machine_attempts_it(error: str, attempts: int) -> None:
    failure = compiled(WORDCOUNT)["mapper-failed"]["Parameters"]["Failure"]
    told = {"Function": "mapper", "Index": 1, "Error": error, "Cause": "", "Attempts": failure["Attempts"]}

    assert read_failure({"Session": "run1", "Failure": told}, "wordcount-sfn-").json()["attempts"] == attempts


@given(workflow=chains(), mode=modes)
def test_recorder_ends_the_execution_where_a_redrive_enters_it_again(workflow: Workflow, mode: Mode) -> None:
    recorders = {name: state for name, state in compiled(workflow, mode).items() if name.endswith("-failed")}

    assert recorders.keys() == {f"{step.function}-failed" for step in workflow.steps}
    for name, state in recorders.items():
        assert state["Retry"][0] == {"ErrorEquals": [RunFailed.__name__], "MaxAttempts": 0}, name
        assert "Catch" not in state, name
        assert state["Parameters"]["Redrives"] == {"Caught.$": "$.Caught.Redrives", "Now.$": "$$.Execution.RedriveCount"}, name


@given(workflow=chains(), mode=modes)
def test_nothing_but_the_templates_own_placeholders_is_filled_in(workflow: Workflow, mode: Mode) -> None:
    placeholders = set(re.findall(r"[$%]\{[^}]*\}", json.dumps(state_machine(workflow, mode))))

    known = {"${returns_bucket}", "${map_concurrency}", "${function_arns.recorder}"}
    assert placeholders - known == {f"${{function_arns.{step.function}}}" for step in workflow.steps}


@each_mode
def test_no_arn_of_an_account_stands_in_the_machine(mode: Mode) -> None:
    assert "arn:" not in json.dumps(state_machine(WORDCOUNT, mode)).replace("arn:aws:states:::s3:getObject", "")
