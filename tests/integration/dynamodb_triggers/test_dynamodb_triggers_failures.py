"""Failures under dynamodb_triggers: attempts are counted on the item, and failed records reported one by one."""

import threading
from collections import Counter
from typing import Any

import pytest

from runtime.ports import ports
from tests.fakes import recorder as failure
from tests.fakes.cluster import Cluster, Killed
from tests.fakes.deployments import TriggeredByItems
from tests.fakes.log_lines import parse_lines, workers
from tests.fakes.user_maps import Deadly, Flaky
from tests.integration.dynamodb_triggers.runs import (
    COUNTS,
    ONE_EACH,
    TEXTS,
    Capsys,
    Deaths,
    created,
    die_at_once,
    image,
    put,
    refuse_bad,
    run,
)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["PutItem value", "UpdateItem finished", "PutItem fan-in", "PutItem fan-out", "PutItem element"])
def test_function_that_dies_at_a_step_is_repaired_by_its_retry(
    step: str, moment: str, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, lock, died = ports().dynamodb.call, threading.Lock(), []

    def die(operation: str, name: str, key: str, **arguments: Any) -> Any:
        role = name.partition("-")[2]
        with lock:
            due = not died and step == f"{operation} {kind_of(role, key)}"
            if due:
                died.append(key)
        if due and moment == "before":
            raise Killed
        answer = call(operation, name, key, **arguments)
        if due:
            raise Killed
        return answer

    monkeypatch.setattr(ports().dynamodb, "call", die)

    run(deployment, TEXTS)

    assert len(died) == 1
    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.failure("run1") is None


def kind_of(role: str, key: str) -> str | None:
    """What a request of a function is about; None for the client's."""
    name = key.partition("/")[2].partition("/")[0]
    if name.isdigit():
        return {"mapper-output": "value", "reducer-output": "value", "reducer-input": "element"}.get(role)
    return name


@pytest.mark.parametrize("function", ["mapper", "partition", "reducer", "summary"])
def test_answer_that_is_lost_does_no_harm(
    function: str, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    """A request whose answer is lost is sent again: it then meets its own item."""
    call, target = (
        ports().dynamodb.call,
        {"mapper": "mapper-output", "partition": "reducer-input"}.get(function, "reducer-output"),
    )

    def lose(operation: str, name: str, key: str, **arguments: Any) -> Any:
        answer = call(operation, name, key, **arguments)
        return None if operation == "PutItem" and name.endswith(target) else answer

    monkeypatch.setattr(ports().dynamodb, "call", lose)

    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


def test_records_of_a_batch_are_worked_through_each_for_itself(
    deployment: TriggeredByItems, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.mapper.user_map.user_map", refuse_bad)
    records = []
    for index, text in enumerate(["to", "bad", "be"], 1):
        put(deployment, "mapper-input", image(index, 3, deployment.buckets, text))
        records += created(deployment, image(index, 3, deployment.buckets, text))["Records"]

    answer = cluster.invoke("mapper", {"Records": records})

    assert answer == {"batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]}
    assert deployment.buckets.tables.keys("mapper-output") == ["run1/1", "run1/3", "run1/finished/0"]


def test_mapper_that_always_raises_ends_the_run(
    deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    monkeypatch.setattr("functions.mapper.user_map.user_map", refuse_bad)

    run(deployment, ["to", "bad", "be"])

    failed = deployment.buckets.failure("run1")
    told = [failed[field] for field in ("function", "index", "error", "message", "attempts", "log_group")]
    log_group = f"/aws/lambda/{deployment.cluster.prefix}mapper"
    assert told == ["mapper", 2, "ValueError", "a bad text", 3, log_group]
    assert "refuse_bad" in failed["traceback"][-1]
    assert deployment.buckets.tables.keys("reducer-input") == []
    assert Counter(function for function, _ in deployment.streams.sent) == {"mapper": 3, "recorder": 1}
    assert deployment.streams.given_up == []
    lines = [line for line in parse_lines(capfd.readouterr().out) if line["index"] == 2 and "cold" in line]
    assert [line.get("final", False) for line in lines] == [False, False, True]


def test_mapper_that_is_killed_each_time_ends_the_run(deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch) -> None:
    deadly = Deadly(99)
    monkeypatch.setattr("functions.mapper.user_map.user_map", deadly)

    run(deployment, ["to be"])

    failed = deployment.buckets.failure("run1")
    assert deadly.calls == 3
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == ["mapper", 1, "FunctionKilled", 3]
    assert "3 attempts ended without a word" in failed["message"]
    assert Counter(function for function, _ in deployment.streams.sent) == {"mapper": 1, "recorder": 1}
    assert deployment.streams.given_up == []


@pytest.mark.parametrize(("function", "index"), [("mapper", 1), ("partition", None), ("reducer", 1), ("summary", None)])
def test_function_that_dies_each_time_before_it_notes_the_attempt_ends_the_run(
    function: str, index: int | None, deployment: TriggeredByItems, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cluster.components, function, die_at_once)

    run(deployment, ["to"])

    failed = deployment.buckets.failure("run1")
    told = [failed[field] for field in ("function", "index", "error", "attempts")]
    assert told == [function, index, "RetryAttemptsExhausted", 6]
    assert failed["log_group"] == f"/aws/lambda/{cluster.prefix}{function}"
    assert deployment.buckets.result("run1") is None
    assert [given_up for given_up, _ in deployment.streams.given_up] == [function]
    assert deployment.buckets.keys(deployment.buckets.given_up) == []


def test_failure_whose_recorder_dies_at_each_delivery_is_recorded_all_the_same(
    deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.mapper.user_map.user_map", refuse_bad)
    deaths = Deaths(6)
    monkeypatch.setattr(failure, "lambda_handler", deaths)

    run(deployment, ["bad"])

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "index", "error", "message")] == ["mapper", 1, "ValueError", "a bad text"]
    assert [function for function, _ in deployment.streams.given_up] == ["recorder"]
    assert deployment.buckets.keys(deployment.buckets.given_up) == []


@pytest.mark.parametrize("deliveries", [1, 3])
def test_duplicate_that_is_given_up_after_the_run_has_its_result_fails_nothing(
    deliveries: int, deployment: TriggeredByItems, cluster: Cluster
) -> None:
    run(deployment, TEXTS)
    cluster.deliveries = deliveries

    for function, event in list(deployment.streams.sent):
        deployment.streams.give_up(function, event)
    deployment.wait()

    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.failure("run1") is None
    assert deployment.buckets.keys(deployment.buckets.given_up) == []


def test_duplicate_that_is_given_up_after_the_run_was_removed_leaves_nothing(deployment: TriggeredByItems) -> None:
    event = created(deployment, image(1, 2, deployment.buckets))

    deployment.streams.give_up("mapper", event)
    deployment.wait()

    assert deployment.buckets.everything() == []


@pytest.mark.parametrize(("function", "index"), [("partition", None), ("reducer", 1), ("summary", None)])
@pytest.mark.parametrize(("error", "told"), [(LookupError("broken on purpose"), "LookupError"), (Killed(), "FunctionKilled")])
def test_failure_of_any_function_is_recorded(
    error: BaseException,
    told: str,
    function: str,
    index: int | None,
    deployment: TriggeredByItems,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise error

    monkeypatch.setattr(cluster.components[function], "_component", broken)

    run(deployment, ["to"])

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == [function, index, told, 3]


def test_partition_that_returns_no_array_is_refused(
    deployment: TriggeredByItems, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.components["partition"], "_component", lambda event, context: {"a": 1})

    run(deployment, ["to"])

    assert deployment.buckets.failure("run1")["message"] == "partition must return an array to fan out over; got dict"
    assert deployment.buckets.tables.keys("reducer-input") == []


def test_error_that_passes_twice_is_survived(deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch) -> None:
    flaky = Flaky(2, ConnectionError("try again"))
    monkeypatch.setattr("functions.mapper.user_map.user_map", flaky)

    run(deployment, ["to be"])

    assert flaky.calls == 3
    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}
