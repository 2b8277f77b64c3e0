"""What only http_only does: callers that wait, values in answers and claim checks, and what is refused."""

import time
from typing import Any

import pytest

from runtime.ports import ports
from tests.fakes.cluster import Cluster, LambdaError
from tests.fakes.context import FakeContext
from tests.fakes.deployments import CalledFunctions
from tests.fakes.limits import limit
from tests.fakes.log_lines import parse_lines, workers
from tests.integration.http_only.runs import COUNTS, TEXTS, Capsys, calls, chunks_of, data_of, envelope, names, run


def test_each_function_is_called_once_and_the_result_travels_up(deployment: CalledFunctions, capfd: Capsys) -> None:
    answer = run(deployment, TEXTS)

    assert answer == {"Session": "run1", "Result": "run1/result.json"}
    assert calls(deployment.cluster) == {"mapper": 4, "partition": 1, "reducer": 3, "summary": 1}
    assert deployment.cluster.accepted == []
    assert workers(parse_lines(capfd.readouterr().out)) == {"partition": 1, "summary": 1}


def test_nothing_is_stored_but_pairs_and_result(deployment: CalledFunctions) -> None:
    run(deployment, TEXTS)

    assert deployment.buckets.keys(deployment.buckets.returns) == []
    assert deployment.buckets.keys(deployment.buckets.results) == ["run1/result.json"]


def test_values_come_in_the_order_of_the_branches(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_first(event: Any, context: Any) -> Any:
        number = int(event["text"])
        time.sleep(0.1 if number < 3 else 0)
        return {"bucket": deployment.buckets.shuffle, "numReducer": 3, "number": number}

    monkeypatch.setattr(cluster.components["mapper"], "_component", slow_first)
    monkeypatch.setattr(cluster.components["partition"], "_component", lambda event, context: [])

    run(deployment, [str(number) for number in range(12)])

    (event,) = (event for function, event in cluster.called if function == "partition")
    assert [datum["Value"]["number"] for datum in event["Data"]] == list(range(12))


def test_each_call_carries_its_place_and_the_deadline_of_all_callers(deployment: CalledFunctions) -> None:
    deployment.cluster.timeouts["partition"] = 20.0
    before = time.time()

    run(deployment, TEXTS)

    deadlines = {function: {event["Deadline"] - before for name, event in deployment.cluster.called if name == function}
                 for function in ("mapper", "partition", "reducer", "summary")}  # fmt: skip
    (of_entry,) = deadlines["mapper"]
    (of_partition,) = deadlines["reducer"]
    assert deadlines["partition"] == {of_entry}
    assert deadlines["summary"] == {of_partition}
    assert 56 < of_entry < 59
    assert 16 < of_partition < 20
    places = [event["Fan-out"] for function, event in deployment.cluster.called if function == "mapper"]
    assert sorted(place["Index"] for place in places) == [1, 2, 3, 4]
    assert {place["Size"] for place in places} == {4}


def test_deadline_of_the_caller_wins_over_the_own(deployment: CalledFunctions, cluster: Cluster) -> None:
    deadline = time.time() + 10

    cluster.invoke("unum_map", envelope(chunks_of(deployment.buckets, ["to"]), Deadline=deadline))

    assert {event["Deadline"] for _, event in cluster.called} == {deadline}


def test_duplicates_at_once_change_nothing(deployment: CalledFunctions, cluster: Cluster) -> None:
    run(deployment, TEXTS, "once")

    cluster.deliveries = 2
    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    assert names(deployment.buckets, "run1") == names(deployment.buckets, "once")


def test_duplicates_after_the_end_change_nothing(deployment: CalledFunctions, cluster: Cluster, capfd: Capsys) -> None:
    run(deployment, TEXTS)
    before = deployment.buckets.everything()
    capfd.readouterr()

    for function, event in list(cluster.called):
        cluster.invoke(function, event)
    again = run(deployment, TEXTS)

    assert again == {"Session": "run1", "Result": "run1/result.json"}
    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.everything() == before
    lines = parse_lines(capfd.readouterr().out)
    assert {line["outcome"] for line in lines} == {"turned back"}


def test_fan_out_of_nothing_goes_straight_to_partition_and_summary(deployment: CalledFunctions) -> None:
    answer = run(deployment, [])

    assert answer == {"Session": "run1", "Result": "run1/result.json"}
    assert [function for function, _ in deployment.cluster.called] == ["partition", "summary"]
    assert deployment.buckets.result("run1") == {}


def test_partitions_of_nothing_go_straight_to_summary(deployment: CalledFunctions) -> None:
    run(deployment, ["", ""])

    assert calls(deployment.cluster) == {"mapper": 2, "partition": 1, "summary": 1}
    assert deployment.buckets.result("run1") == {}


@pytest.mark.parametrize("deadline", ["soon", None, [1]])
def test_deadline_that_is_no_time_is_refused(deadline: Any, cluster: Cluster) -> None:
    with pytest.raises(LambdaError, match='"Deadline" is no time'):
        cluster.invoke("mapper", envelope({}, Deadline=deadline, **{"Fan-out": {"Index": 1, "Size": 1}}))


@pytest.mark.parametrize("payload_bytes", [0, 60, 120, 400, 800])
def test_payloads_too_large_for_a_call_travel_as_claim_checks(
    payload_bytes: int, deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(payload_bytes=payload_bytes)

    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    # Each function is pointed to its own input, and a fan-in to what its branches stored besides.
    branches = {"partition": "mapper/", "summary": "reducer/"}
    data = [(function, datum) for function, event in cluster.called for datum in data_of(event)]
    held = [(function, datum["Value"]) for function, datum in data if datum["Source"] == "s3"]
    pointers = [(function, value["Elements"] if isinstance(value, dict) else value) for function, value in held]
    assert all(pointer.startswith((f"{function}.input/", branches.get(function, "-"))) for function, pointer in pointers)
    assert bool(pointers) is (payload_bytes < 400)
    if payload_bytes == 0:
        kinds = {key.split("/")[1] for key in deployment.buckets.keys(deployment.buckets.returns)}
        assert kinds == {"mapper.input", "mapper", "partition.input", "reducer.input", "reducer", "summary.input"}


def test_claim_checks_of_branches_are_passed_on_and_never_taken_out_by_their_caller(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(payload_bytes=200)
    words = [f"word{number}" for number in range(60)]
    taken_out: list[str] = []
    get = ports().s3.get
    monkeypatch.setattr(ports().s3, "get", lambda bucket, key: taken_out.append(key) or get(bucket, key))

    run(deployment, [" ".join(words)])

    stored = [f"reducer/{index}.json" for index in (1, 2, 3)]
    (event,) = (event for function, event in cluster.called if function == "summary")
    assert event["Data"] == [{"Source": "s3", "Value": key} for key in stored]
    assert sorted(key for key in taken_out if key.startswith("run1/reducer/")) == [f"run1/{key}" for key in stored]
    assert deployment.buckets.result("run1") == dict.fromkeys(words, 1)


def test_entry_takes_its_array_as_a_claim_check(deployment: CalledFunctions, cluster: Cluster) -> None:
    chunks = chunks_of(deployment.buckets, ["to be"])
    deployment.buckets.put(deployment.buckets.returns, "run1/unum_map.input/1.json", chunks)

    cluster.invoke("unum_map", {"Session": "run1", "Data": {"Source": "s3", "Value": "unum_map.input/1.json"}})

    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


@pytest.mark.parametrize("in_the_bucket", [False, True])
def test_entry_passes_claim_checks_on_to_the_branches_that_they_are_for(
    in_the_bucket: bool, deployment: CalledFunctions, cluster: Cluster
) -> None:
    first, second = chunks_of(deployment.buckets, ["to be", "or"])
    deployment.buckets.put(deployment.buckets.returns, "run1/mapper.input/2.json", second)
    data: Any = [{"Source": "http", "Value": first}, {"Source": "s3", "Value": "mapper.input/2.json"}]
    deployment.buckets.put(deployment.buckets.returns, "run1/unum_map.input/1.json", data)
    pointed = {"Source": "s3", "Value": {"Elements": "unum_map.input/1.json"}}

    cluster.invoke("unum_map", {"Session": "run1", "Data": pointed if in_the_bucket else data})

    given = {event["Fan-out"]["Index"]: event["Data"] for function, event in cluster.called if function == "mapper"}
    assert given == {1: data[0], 2: data[1]}
    assert deployment.buckets.result("run1") == {"to": 1, "be": 1, "or": 1}


@pytest.mark.parametrize("pointer", ["mapper/1.json", "unum_map.input/1.json", {"Directory": "mapper/", "Size": 1}])
def test_element_that_is_meant_for_another_function_is_refused(
    pointer: Any, deployment: CalledFunctions, cluster: Cluster
) -> None:
    with pytest.raises(LambdaError, match="element 1 to fan out over is neither a value nor what mapper is given"):
        cluster.invoke("unum_map", {"Session": "run1", "Data": [{"Source": "s3", "Value": pointer}]})


def test_claim_check_that_is_missing_fails_the_run_with_its_key(deployment: CalledFunctions, cluster: Cluster) -> None:
    answer = cluster.invoke("unum_map", {"Session": "run1", "Data": [{"Source": "s3", "Value": "mapper.input/1.json"}]})

    assert answer["Failure"]["function"] == "mapper"
    assert "run1/mapper.input/1.json failed: no such value in this run" in answer["Failure"]["message"]
    assert deployment.buckets.read(deployment.buckets.results, "run1/failed.json") == answer["Failure"]


def test_entry_makes_a_bare_document_a_run_of_its_own(deployment: CalledFunctions, cluster: Cluster) -> None:
    context = FakeContext()

    answer = cluster.invoke("unum_map", {"data": chunks_of(deployment.buckets, ["to be"])}, context)

    assert answer == {"Session": context.aws_request_id, "Result": f"{context.aws_request_id}/result.json"}
    assert deployment.buckets.result(context.aws_request_id) == {"to": 1, "be": 1}
    (mark,) = deployment.buckets.keys(deployment.buckets.results, ".open/")
    assert mark.startswith(f".open/{context.aws_request_id}/")


@pytest.mark.parametrize("pointer", ["../other/1.json", "s3://other/mapper.input/1.json", "mapper.input/../1.json", ""])
def test_forged_pointers_are_refused(pointer: str, deployment: CalledFunctions, cluster: Cluster) -> None:
    deployment.buckets.put(deployment.buckets.returns, "other/1.json", {"text": "x", "destination": deployment.buckets.shuffle})

    with pytest.raises(LambdaError) as caught:
        cluster.invoke("mapper", {"Session": "run1", "Data": {"Source": "s3", "Value": pointer}})

    assert caught.value.answer["errorType"] == "EnvelopeError"
    assert deployment.buckets.everything() == ["other/1.json"]


def test_partition_that_returns_no_array_is_refused(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.components["partition"], "_component", lambda event, context: {"a": 1})

    run(deployment, ["to"])

    assert deployment.buckets.failure("run1")["message"] == "partition must return an array to fan out over; got dict"


@pytest.mark.parametrize("resumed", [1, "true", None])
def test_resumed_is_true_or_false(resumed: Any, cluster: Cluster) -> None:
    with pytest.raises(LambdaError, match="Resumed"):
        cluster.invoke("unum_map", envelope([], Resumed=resumed))
