"""The definitions: those of the repository are right, each planted fault is named, and both Map modes are rendered."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.orchestration import ORCHESTRATIONS
from runtime.orchestration.recorder.reading import read_failure
from runtime.orchestration.recorder.recording import RunFailed
from runtime.orchestration.workflow.edge import DefinitionError
from scripts import paths
from scripts.package.definitions import asl_edges, check, next_edges, read_asl, render_asl

EDGES = {
    ("unum_map", "mapper", "Map"),
    ("mapper", "partition", "Fan-in"),
    ("partition", "reducer", "Map"),
    ("reducer", "summary", "Fan-in"),
}


LAMBDAS_OWN = ("ServiceException", "AWSLambdaException", "SdkClientException", "ClientExecutionTimeoutException")
"""Errors of the service, after which the function may or may not have run."""


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    """A copy of the repository's definitions, to plant faults in."""
    return Path(shutil.copytree(paths.DEFINITIONS, tmp_path / "definitions"))


def rewrite(definitions: Path, function: str, **fields: Any) -> None:
    path = definitions / "http_sync_s3" / f"{function}.next"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def rewrite_asl(definitions: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = definitions / "sfn" / "definition.asl.json"
    definition = json.loads(path.read_text())
    change(definition)
    path.write_text(json.dumps(definition))


def fault_of(definitions: Path) -> str:
    with pytest.raises(DefinitionError) as caught:
        check(definitions, ORCHESTRATIONS)
    return str(caught.value)


def test_definitions_of_the_repository_are_right() -> None:
    check(paths.DEFINITIONS, ORCHESTRATIONS)


def test_state_machine_describes_the_edges() -> None:
    assert asl_edges(read_asl(paths.DEFINITIONS / "sfn" / "definition.asl.json")) == EDGES


@pytest.mark.parametrize("orchestration", [name for name in ORCHESTRATIONS if name != "sfn"])
def test_next_files_describe_the_edges(orchestration: str) -> None:
    assert next_edges(paths.DEFINITIONS / orchestration) == EDGES


def test_unknown_function_is_named(definitions: Path) -> None:
    rewrite(definitions, "mapper", Next="partiton")

    assert fault_of(definitions).startswith("definitions/http_sync_s3/mapper.next: \"Next\" is 'partiton'; known functions:")


def test_missing_successor_is_named(definitions: Path) -> None:
    (definitions / "http_sync_s3" / "summary.next").unlink()

    fault = fault_of(definitions)

    assert fault in {
        "definitions/http_sync_s3/reducer.next: \"Next\" is 'summary', but there is no summary.next",
        "definitions/http_sync_s3/partition.next: \"FanIn\" is 'summary', but there is no summary.next",
    }


def test_missing_entry_is_named(definitions: Path) -> None:
    (definitions / "http_sync_s3" / "unum_map.next").unlink()

    assert fault_of(definitions) == "definitions/http_sync_s3/mapper.next: fans in, but nothing fans out to mapper"


def test_missing_folder_is_named(definitions: Path) -> None:
    shutil.rmtree(definitions / "http_sync_s3")

    assert fault_of(definitions) == "definitions/http_sync_s3: no .next file"


def test_file_of_another_function_is_named(definitions: Path) -> None:
    shutil.copy(definitions / "http_sync_s3" / "mapper.next", definitions / "http_sync_s3" / "reducer.next")

    assert (
        fault_of(definitions) == "definitions/http_sync_s3/reducer.next: \"Name\" is 'mapper', but the file is that of 'reducer'"
    )


def test_fan_out_without_a_fan_in_is_refused(definitions: Path) -> None:
    rewrite(definitions, "mapper", Edge="Scalar")

    assert fault_of(definitions).startswith(
        "definitions/http_sync_s3/unum_map.next: fans out to 'mapper', whose \"Edge\" is 'Scalar'; it must be \"Fan-in\""
    )


def test_fan_out_that_does_not_say_its_fan_in_is_refused(definitions: Path) -> None:
    rewrite(definitions, "unum_map", FanIn=None)

    assert 'unum_map.next: "FanIn" goes with "Edge": "Map"' in fault_of(definitions)


def test_fan_out_that_says_another_fan_in_is_refused(definitions: Path) -> None:
    rewrite(definitions, "unum_map", FanIn="summary")

    assert fault_of(definitions) == (
        "definitions/http_sync_s3/unum_map.next: \"FanIn\" is 'summary', but mapper fans in to 'partition'"
    )


def test_fan_out_within_a_fan_out_is_refused(definitions: Path) -> None:
    rewrite(definitions, "mapper", Next="reducer", Edge="Map", FanIn="summary")

    assert fault_of(definitions) == (
        "definitions/http_sync_s3/mapper.next: a fan-out within the fan-out of unum_map is not supported"
    )


def test_fan_in_of_no_fan_out_is_refused(definitions: Path) -> None:
    rewrite(definitions, "partition", Edge="Fan-in", FanIn=None)

    assert "partition.next: fans in, but nothing fans out to partition" in fault_of(definitions)


def test_file_that_is_no_json_is_named(definitions: Path) -> None:
    (definitions / "http_sync_s3" / "mapper.next").write_text("{")

    assert fault_of(definitions).startswith("definitions/http_sync_s3/mapper.next: no JSON")


def test_edges_that_differ_from_the_state_machine_are_named(definitions: Path) -> None:
    rewrite(definitions, "unum_map", FanIn="summary")
    rewrite(definitions, "mapper", Next="summary")
    for function in ("partition", "reducer"):
        (definitions / "http_sync_s3" / f"{function}.next").unlink()

    assert fault_of(definitions) == (
        "definitions/http_sync_s3: the edge mapper -> partition (Fan-in) is missing here, but in definition.asl.json; "
        "all orchestrations must describe the same edges"
    )


def test_state_machine_without_a_stage_differs(definitions: Path) -> None:
    rewrite_asl(definitions, lambda asl: asl["States"]["partition"].update(Next="summary"))

    assert "all orchestrations must describe the same edges" in fault_of(definitions)


def test_state_that_is_not_there_is_named(definitions: Path) -> None:
    rewrite_asl(definitions, lambda asl: asl["States"]["partition"].update(Next="reducer"))

    assert fault_of(definitions) == "definitions/sfn: state 'reducer' is not there"


def test_state_machine_without_an_end_is_refused(definitions: Path) -> None:
    rewrite_asl(definitions, lambda asl: asl["States"]["summary"].update(Next="partition"))

    assert fault_of(definitions) == "definitions/sfn: state 'partition' is in a loop"


@pytest.mark.parametrize("text", ["{", "[]"])
def test_state_machine_that_is_no_json_object_is_refused(text: str, definitions: Path) -> None:
    (definitions / "sfn" / "definition.asl.json").write_text(text)

    assert fault_of(definitions).startswith("definitions/sfn/definition.asl.json: ")


def test_missing_state_machine_is_named(definitions: Path) -> None:
    (definitions / "sfn" / "definition.asl.json").unlink()

    assert fault_of(definitions).startswith("definitions/sfn/definition.asl.json: ")


@pytest.fixture
def asl() -> dict[str, Any]:
    return read_asl(paths.DEFINITIONS / "sfn" / "definition.asl.json")


def test_inline_is_as_written(asl: dict[str, Any]) -> None:
    assert render_asl(asl, "INLINE") == asl


def test_distributed_reads_its_items_from_the_returns_bucket(asl: dict[str, Any]) -> None:
    first = render_asl(asl, "DISTRIBUTED")["States"]["unum_map"]

    assert "ItemsPath" not in first
    assert first["ItemReader"]["Parameters"] == {
        "Bucket": "${returns_bucket}",
        "Key.$": "States.Format('{}/unum_map.input/1.json', $$.Execution.Name)",
    }


def test_distributed_runs_both_maps_as_executions(asl: dict[str, Any]) -> None:
    states = render_asl(asl, "DISTRIBUTED")["States"]

    configurations = [state["ItemProcessor"]["ProcessorConfig"] for state in states.values() if state["Type"] == "Map"]
    assert configurations == [{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}] * 2


def test_rendering_leaves_the_definition_alone(asl: dict[str, Any]) -> None:
    before = json.dumps(asl)

    render_asl(asl, "DISTRIBUTED")

    assert json.dumps(asl) == before


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_both_modes_describe_the_same_edges(mode: str, asl: dict[str, Any]) -> None:
    assert asl_edges(render_asl(asl, mode)) == EDGES


def tasks(states: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, state in states.items():
        if state["Type"] == "Task":
            found.append((name, state))
        elif state["Type"] == "Map":
            found += tasks(state["ItemProcessor"]["States"])
    return found


def test_every_task_invokes_the_function_of_its_name(asl: dict[str, Any]) -> None:
    invoked = {name: state["Resource"] for name, state in tasks(asl["States"]) if not name.endswith("_failed")}

    assert invoked == {name: f"${{{name}}}" for name in ("mapper", "partition", "reducer", "summary")}


def test_every_task_retries(asl: dict[str, Any]) -> None:
    for name, state in tasks(asl["States"]):
        retriers = state["Retry"][1:] if name.endswith("_failed") else state["Retry"]
        throttled, lambdas, others = [retry["ErrorEquals"] for retry in retriers]
        assert (throttled, others) == (["Lambda.TooManyRequestsException"], ["States.ALL"]), name
        assert set(lambdas) == {f"Lambda.{error}" for error in LAMBDAS_OWN}, name
        assert all(retry["JitterStrategy"] == "FULL" and retry["BackoffRate"] > 1 for retry in retriers), name


def test_throttled_functions_are_tried_for_long(asl: dict[str, Any]) -> None:
    for name in ("mapper", "partition", "reducer", "summary"):
        throttled = all_states(asl["States"])[name]["Retry"][0]
        assert (throttled["MaxAttempts"], throttled["MaxDelaySeconds"]) == (60, 60), name


@pytest.mark.parametrize("error", ["Lambda.Unknown", "States.Timeout", "Sandbox.Timedout", "Runtime.ExitError", "ValueError"])
def test_poisoned_chunk_costs_three_attempts(error: str, asl: dict[str, Any]) -> None:
    """Step Functions calls a function that ran out of memory or time `Lambda.Unknown`, among others
    (https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception)."""
    for name in ("mapper", "partition", "reducer", "summary"):
        retriers = all_states(asl["States"])[name]["Retry"]
        retrier = next(retry for retry in retriers if {error, "States.ALL"} & set(retry["ErrorEquals"]))
        assert 1 + retrier["MaxAttempts"] == 3, name


def all_states(states: dict[str, Any]) -> dict[str, Any]:
    found = dict(states)
    for state in states.values():
        if state["Type"] == "Map":
            found |= all_states(state["ItemProcessor"]["States"])
    return found


def test_failure_of_every_function_is_recorded_and_leads_back_to_it(asl: dict[str, Any]) -> None:
    states = all_states(asl["States"])

    for name in ("mapper", "partition", "reducer", "summary"):
        (catcher,) = states[name]["Catch"]
        caught = states[catcher["Next"]]
        recorder = states[caught["Next"]]
        assert (catcher["ErrorEquals"], catcher["ResultPath"]) == (["States.ALL"], "$.Failure")
        assert (recorder["Resource"], recorder["Parameters"]["Failure"]["Function"]) == ("${recorder}", name)
        assert (recorder["ResultPath"], recorder["Next"]) == (None, name)


def test_recorder_is_told_how_often_each_kind_of_error_is_attempted(asl: dict[str, Any]) -> None:
    states = all_states(asl["States"])

    for name in ("mapper", "partition", "reducer", "summary"):
        told = states[f"{name}_failed"]["Parameters"]["Failure"]["Attempts"]
        assert told == {error: 1 + retry["MaxAttempts"] for retry in states[name]["Retry"] for error in retry["ErrorEquals"]}, (
            name
        )


@pytest.mark.parametrize(("error", "attempts"), [("Lambda.TooManyRequestsException", 61), ("Lambda.Unknown", 3)])
def test_record_of_a_failure_says_how_often_the_definition_attempts_it(error: str, attempts: int, asl: dict[str, Any]) -> None:
    failure = all_states(asl["States"])["mapper_failed"]["Parameters"]["Failure"]
    told = {"Function": "mapper", "Index": 1, "Error": error, "Cause": "", "Attempts": failure["Attempts"]}

    assert read_failure({"Session": "run1", "Failure": told}, "wordcount-sfn-")["attempts"] == attempts


def test_recorder_ends_the_execution_where_a_redrive_enters_it_again(asl: dict[str, Any]) -> None:
    recorders = {name: state for name, state in tasks(asl["States"]) if name.endswith("_failed")}

    assert recorders.keys() == {f"{name}_failed" for name in ("mapper", "partition", "reducer", "summary")}
    for name, state in recorders.items():
        assert state["Retry"][0] == {"ErrorEquals": [RunFailed.__name__], "MaxAttempts": 0}, name
        assert "Catch" not in state, name
        assert state["Parameters"]["Redrives"] == {"Caught.$": "$.Caught.Redrives", "Now.$": "$$.Execution.RedriveCount"}, name


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_maps_share_one_concurrency_that_the_deployment_sets(mode: str, asl: dict[str, Any]) -> None:
    maps = [state for state in render_asl(asl, mode)["States"].values() if state["Type"] == "Map"]

    assert [state["MaxConcurrency"] for state in maps] == ["${map_concurrency}"] * 2


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_maps_leave_failures_to_their_iterations(mode: str, asl: dict[str, Any]) -> None:
    maps = [state for state in render_asl(asl, mode)["States"].values() if state["Type"] == "Map"]

    assert [{"Catch", "Retry"} & state.keys() for state in maps] == [set(), set()]


def test_no_arn_stands_in_the_definition(asl: dict[str, Any]) -> None:
    assert "arn:" not in json.dumps(asl)
