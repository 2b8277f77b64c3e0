"""Log lines, REPORT lines, execution histories."""

import json
from collections import Counter

import pytest

from scripts.compare import telemetry


def report(request_id: str, milliseconds: int = 271) -> str:
    return (
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds} ms\tBilled Duration: {milliseconds} ms\t"
        "Memory Size: 512 MB\tMax Memory Used: 0 MB"
    )


def line(run: str, request_id: str, **more: object) -> str:
    fields = {
        "log": "mapreduce",
        "run": run,
        "function": "mapper",
        "index": 1,
        "outcome": "ok",
        "started": 1.0,
        "request_id": request_id,
        **more,
    }
    return json.dumps(fields)


def test_an_invocation_is_its_line_and_its_report():
    messages = ["START RequestId: a", line("r", "a", requests={"s3.PutObject": 3}, cold=True), "END RequestId: a", report("a")]

    (found,), _ = telemetry.parse_logs(messages, "r")

    assert (found.billed_ms, found.memory_mb, found.requests, found.cold) == (271, 512, {"s3.PutObject": 3}, True)


def test_aws_writes_fractions_of_milliseconds_into_the_duration_alone():
    aws = "REPORT RequestId: a\tDuration: 3.71 ms\tBilled Duration: 4 ms\tMemory Size: 512 MB\tMax Memory Used: 70 MB\t"

    (found,), _ = telemetry.parse_logs([line("r", "a"), aws], "r")

    assert found.billed_ms == 4


def test_other_runs_and_other_output_are_left_out():
    messages = [line("other", "a"), report("a"), "{no json", '["r"]', line("r", "b"), report("b"), "printed by user_map"]

    assert [each.request_id for each in telemetry.parse_logs(messages, "r")[0]] == ["b"]


def test_what_has_not_ended_is_not_there_yet():
    assert telemetry.parse_logs([line("r", "a")], "r") == ([], 0)


def test_several_deliveries_of_an_invocation_are_billed_once():
    found, _ = telemetry.parse_logs([line("r", "a", index=1), line("r", "a", index=2), report("a")], "r")

    assert [each.billed_ms for each in found] == [271, None]


def test_an_invocation_whose_line_was_lost_is_noticed():
    found, lost = telemetry.parse_logs([report("a"), line("r", "b"), report("b"), line("other", "c"), report("c")], "r")

    assert ([each.request_id for each in found], lost) == (["b"], 1)


def history(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind} for kind in kinds]


EMULATED = history(
    "ExecutionStarted", "MapStateEntered", "TaskScheduled", "TaskScheduled", "TaskSucceeded", "TaskSucceeded", "MapStateExited",
    "TaskStateEntered", "TaskScheduled", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded",
)  # fmt: skip


def test_transitions_are_states_entered_with_those_inside_a_map():
    assert telemetry.transitions(EMULATED) == 4  # the Map, two mappers, partition


def test_transitions_are_the_same_where_the_history_is_complete():
    complete = [each for each in EMULATED if each["type"] != "TaskScheduled"]
    complete += history("TaskStateEntered", "TaskStateEntered", *["MapIterationStarted"] * 2, *["LambdaFunctionScheduled"] * 3)

    assert telemetry.transitions(complete) == 4


def test_a_retry_is_a_transition():
    assert telemetry.transitions([*EMULATED, *history("TaskFailed", "TaskScheduled")]) == 5


@pytest.mark.parametrize(
    "imitation",
    [
        json.dumps({"run": "r", "function": "mapper", "request_id": "a", "outcome": "ok", "started": 1.0}),
        line("r", "a", index="third"),
        line("r", "a", requests=5),
        line("r", "a", started="now"),
        json.dumps({"log": "mapreduce", "run": "r", "request_id": ["a"]}),
        '{"log": "mapreduce", "run": "r", "request_id"',
        "[" * 100_000,
        '{"log": ' + "[" * 100_000,
    ],
)
def test_what_user_code_prints_is_no_line_of_ours(imitation):
    found, lost = telemetry.parse_logs([imitation, line("r", "a", index=2), report("a")], "r")

    assert ([each.index for each in found], lost) == ([2], 0)


def test_sweeps_of_any_deployment_are_left_out_with_their_listings():
    functions = Counter({"wordcount-http_only-mapper": 6, "wordcount-http_only-recorder": 1, "wordcount-s3_triggers-recorder": 2})
    requests = Counter({"s3.ListObjectsV2": 10, "s3.PutObject": 4})

    left = telemetry.without_sweeps(telemetry.Count(requests, functions))

    assert left.functions == {"wordcount-http_only-mapper": 6}
    assert left.requests == {"s3.ListObjectsV2": 7, "s3.PutObject": 4}


@pytest.mark.parametrize(
    ("ran", "logged", "lost", "missing"),
    [(15, 15, 0, 0), (15, 14, 1, 1), (15, 14, 0, None), (15, 16, 0, None)],
    ids=["all have their line", "one has lost its line", "one has not ended", "one is not counted yet"],
)
def test_lines_are_missing_when_all_functions_have_ended(ran, logged, lost, missing):
    assert telemetry.missing_lines(ran, logged, lost) == missing


def test_line_that_an_earlier_function_lost_is_not_missed():
    assert telemetry.missing_lines(15, 15, 1) == 0
