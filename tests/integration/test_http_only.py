"""What only http_only does: callers that wait, deadlines, and failures that travel up in the answers."""

import time
from collections import Counter
from typing import Any

import pytest

from runtime.aws.errors import StorageError
from runtime.orchestration.ending.result import store_result
from runtime.orchestration.http_only import orchestration as http_only
from runtime.orchestration.values.returns import Returns
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, Killed, LambdaError
from tests.fakes.context import FakeContext
from tests.fakes.deployments import CalledFunctions
from tests.fakes.log_lines import parse_lines, workers
from tests.fakes.user_maps import Deadly, Flaky

TEXTS = ["to be or not to be", "that is", "to be or not to be", "the question"]
COUNTS = Counter(word for text in TEXTS for word in text.split())

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def deployment(http_only_deployment: CalledFunctions) -> CalledFunctions:
    return http_only_deployment


@pytest.fixture
def cluster(deployment: CalledFunctions) -> Cluster:
    return deployment.cluster


def run(deployment: CalledFunctions, texts: list[str], name: str = "run1") -> Any:
    """What unum_map answered."""
    deployment.start(name, chunks_of(deployment.buckets, texts))
    deployment.wait()
    return deployment.answers[name]


def chunks_of(buckets: Buckets, texts: list[str]) -> list[dict[str, str]]:
    return [{"text": text, "destination": buckets.shuffle} for text in texts]


def names(buckets: Buckets, name: str) -> list[str]:
    """Where a run has stored something; a pair's last segment differs between runs."""
    keys = (key.removeprefix(f"{name}/") for key in buckets.everything() if key.startswith(f"{name}/"))
    return sorted(key.rpartition("/")[0] if key.startswith("reducer") else key for key in keys)


def calls(cluster: Cluster) -> Counter[str]:
    return Counter(function for function, _ in cluster.called)


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


def envelope(value: Any, **more: Any) -> dict[str, Any]:
    return {"Session": "run1", "Data": {"Source": "http", "Value": value}, **more}


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


def test_mapper_that_always_raises_ends_the_run(deployment: CalledFunctions, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_bad(text: str) -> None:
        if text == "bad":
            raise ValueError("a bad text")

    monkeypatch.setattr("functions.mapper.mapper.user_map", refuse_bad)

    answer = run(deployment, ["to", "bad", "be"])

    failed = deployment.buckets.failure("run1")
    told = [failed[field] for field in ("run", "function", "index", "error", "message", "attempts")]
    assert told == ["run1", "mapper", 2, "ValueError", "a bad text", 3]
    assert answer == {"Session": "run1", "Failure": failed}
    assert set(failed) == {
        *("run", "function", "index", "error", "message"),
        *("traceback", "request_id", "attempts", "log_group", "time"),
    }
    assert calls(deployment.cluster) == {"mapper": 1 + 3 + 1}


def test_function_that_is_killed_each_time_ends_the_run(deployment: CalledFunctions, monkeypatch: pytest.MonkeyPatch) -> None:
    deadly = Deadly(99)
    monkeypatch.setattr("functions.mapper.mapper.user_map", deadly)

    answer = run(deployment, ["to be"])

    failed = deployment.buckets.failure("run1")
    assert deadly.calls == 3
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == ["mapper", 1, "Runtime.ExitError", 3]
    assert answer["Failure"] == failed


@pytest.mark.parametrize(("function", "index"), [("partition", None), ("reducer", 1), ("summary", None)])
def test_failure_of_any_function_travels_up_and_is_recorded(
    function: str, index: int | None, deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise LookupError("broken on purpose")

    monkeypatch.setattr(cluster.components[function], "_component", broken)

    answer = run(deployment, ["to"])

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == [function, index, "LookupError", 3]
    assert answer == {"Session": "run1", "Failure": failed}
    assert calls(cluster)[function] == 3
    assert calls(cluster)["partition"] == (3 if function == "partition" else 1)


def test_failure_stands_in_the_log_line_of_all_callers(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise LookupError("broken on purpose")

    monkeypatch.setattr(cluster.components["reducer"], "_component", broken)

    run(deployment, ["to"])

    told = {line["function"]: line.get("failure", {}).get("error") for line in parse_lines(capfd.readouterr().out)}
    assert told == {"unum_map": "LookupError", "mapper": None, "partition": "LookupError", "reducer": None}


def test_error_that_passes_twice_is_survived(deployment: CalledFunctions, monkeypatch: pytest.MonkeyPatch) -> None:
    flaky = Flaky(2, ConnectionError("try again"))
    monkeypatch.setattr("functions.mapper.mapper.user_map", flaky)

    run(deployment, ["to be"])

    assert flaky.calls == 3
    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


def test_fan_in_function_that_dies_before_it_stores_is_called_again(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[Any] = []
    component = cluster.components["summary"]._component

    def die_once(event: Any, context: Any) -> Any:
        if not died:
            died.append(event)
            raise Killed
        return component(event, context)

    monkeypatch.setattr(cluster.components["summary"], "_component", die_once)

    run(deployment, TEXTS)

    assert len(died) == 1
    assert deployment.buckets.result("run1") == COUNTS


@pytest.mark.parametrize(("function", "index"), [("mapper", 1), ("partition", None), ("reducer", 1), ("summary", None)])
def test_call_that_is_not_taken_is_not_sent_again(
    function: str, index: int | None, deployment: CalledFunctions, cluster: Cluster
) -> None:
    cluster.refusals[function] = 1

    run(deployment, ["to"])

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == [function, index, "InvokeError", 1]
    assert calls(cluster)[function] == 0


@pytest.mark.parametrize("function", ["mapper", "partition", "reducer", "summary"])
def test_call_whose_answer_is_lost_is_sent_once_more(function: str, deployment: CalledFunctions, cluster: Cluster) -> None:
    cluster.lost_answers[function] = 1

    answer = run(deployment, TEXTS)

    assert answer == {"Session": "run1", "Result": "run1/result.json"}
    assert deployment.buckets.result("run1") == COUNTS
    assert calls(cluster)[function] == {"mapper": 4, "partition": 1, "reducer": 3, "summary": 1}[function] + 1


@pytest.mark.parametrize(("function", "index"), [("mapper", 1), ("reducer", 1)])
def test_call_whose_answer_is_lost_again_fails(function: str, index: int, deployment: CalledFunctions, cluster: Cluster) -> None:
    cluster.lost_answers[function] = 2

    run(deployment, ["to"])

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == [function, index, "AnswerLost", 2]
    assert "gave no answer" in failed["message"]


def test_lost_answer_is_not_asked_for_without_time_for_it(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_only, "_RETRY_SECONDS", 1000.0)
    cluster.lost_answers["mapper"] = 1

    answer = cluster.invoke("unum_map", envelope(chunks_of(deployment.buckets, ["to"])))

    assert (answer["Failure"]["error"], answer["Failure"]["attempts"]) == ("AnswerLost", 1)


def test_lost_answer_takes_none_of_the_attempts_at_a_function_that_fails(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    flaky = Flaky(2, ConnectionError("try again"))
    monkeypatch.setattr("functions.mapper.mapper.user_map", flaky)
    cluster.lost_answers["mapper"] = 1

    run(deployment, ["to be"])

    assert calls(cluster)["mapper"] == 4
    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


def test_nothing_is_kept_of_a_run_that_another_invocation_has_finished(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    component = cluster.components["partition"]._component

    def overtaken(event: Any, context: Any) -> Any:
        value = component(event, context)
        store_result(deployment.buckets.results, "run1", dict(COUNTS))
        return value

    monkeypatch.setattr(cluster.components["partition"], "_component", overtaken)

    answer = run(deployment, TEXTS)

    assert answer == {"Session": "run1", "Result": "run1/result.json"}
    assert Counter(key.partition("/")[0] for key in names(deployment.buckets, "run1") if key.endswith(".json")) == {
        "result.json": 1
    }


def test_failure_without_time_for_another_try_is_final(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_only, "_RETRY_SECONDS", 1000.0)
    monkeypatch.setattr("functions.mapper.mapper.user_map", Flaky(1, ValueError("once")))

    answer = cluster.invoke("unum_map", envelope(chunks_of(deployment.buckets, ["to"])))

    assert (answer["Failure"]["message"], answer["Failure"]["attempts"]) == ("once", 1)


@pytest.mark.parametrize("function", ["unum_map", "mapper", "partition", "reducer", "summary"])
def test_nothing_is_begun_for_a_caller_that_is_gone(
    function: str, deployment: CalledFunctions, cluster: Cluster, capfd: Capsys
) -> None:
    event = envelope(chunks_of(deployment.buckets, ["to"]), Deadline=time.time() - 0.1)

    answer = cluster.invoke(function, event)

    assert answer == {"Session": "run1", "TurnedBack": "the caller's time is up"}
    (line,) = parse_lines(capfd.readouterr().out)
    assert (line["outcome"], line["reason"]) == ("turned back", "the caller's time is up")
    assert line["requests"] == {}
    assert deployment.buckets.everything() == []


def test_run_that_is_out_of_time_fails_clearly(deployment: CalledFunctions, cluster: Cluster) -> None:
    event = envelope(chunks_of(deployment.buckets, ["to", "be"]))

    answer = cluster.invoke("unum_map", event, FakeContext(http_only._MARGIN_SECONDS - 0.1))

    failed = deployment.buckets.failure("run1")
    assert answer == {"Session": "run1", "Failure": failed}
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == ["mapper", 1, "TurnedBack", 1]
    assert deployment.buckets.keys(deployment.buckets.shuffle) == []


@pytest.mark.parametrize("deadline", ["soon", None, [1]])
def test_deadline_that_is_no_time_is_refused(deadline: Any, cluster: Cluster) -> None:
    with pytest.raises(LambdaError, match='"Deadline" is no time'):
        cluster.invoke("mapper", envelope({}, Deadline=deadline))


@pytest.mark.parametrize("payload_bytes", [0, 60, 120, 400, 800])
def test_payloads_too_large_for_a_call_travel_as_claim_checks(
    payload_bytes: int, deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_only, "PAYLOAD_BYTES", payload_bytes)

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
    monkeypatch.setattr(http_only, "PAYLOAD_BYTES", 200)
    words = [f"word{number}" for number in range(60)]
    taken_out: list[str] = []
    must_find = Returns.must_find
    monkeypatch.setattr(Returns, "must_find", lambda returns, key: taken_out.append(key) or must_find(returns, key))

    run(deployment, [" ".join(words)])

    stored = [f"reducer/{index}.json" for index in (1, 2, 3)]
    (event,) = (event for function, event in cluster.called if function == "summary")
    assert event["Data"] == [{"Source": "s3", "Value": key} for key in stored]
    assert sorted(key for key in taken_out if key.startswith("reducer/")) == stored
    assert deployment.buckets.result("run1") == dict.fromkeys(words, 1)


def data_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    return event["Data"] if isinstance(event["Data"], list) else [event["Data"]]


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


def test_started_asynchronously_its_failure_is_recorded_by_the_destination(deployment: CalledFunctions, cluster: Cluster) -> None:
    cluster.invoke_async("unum_map", envelope("no array"))
    cluster.wait_idle()

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "error", "attempts")] == ["unum_map", "ValueError", 3]


def test_partition_that_returns_no_array_is_refused(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.components["partition"], "_component", lambda event, context: {"a": 1})

    run(deployment, ["to"])

    assert deployment.buckets.failure("run1")["message"] == "partition must return an array to fan out over; got dict"


def test_failure_keeps_what_the_branches_have_answered(deployment: CalledFunctions, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise ValueError("no")

    monkeypatch.setattr(deployment.cluster.components["summary"], "_component", broken)

    run(deployment, TEXTS)

    kept = ["mapper/1.json", "mapper/2.json", "mapper/3.json", "mapper/4.json", "partition/1.json"]
    reducers = ["reducer/1.json", "reducer/2.json", "reducer/3.json"]
    assert deployment.buckets.keys(deployment.buckets.returns) == [f"run1/{name}" for name in (*kept, *reducers)]


def test_failure_to_keep_them_hides_no_other(deployment: CalledFunctions, monkeypatch: pytest.MonkeyPatch, capfd: Capsys) -> None:
    def refuse(self: Any, key: str, value: Any) -> None:
        raise StorageError("s3:PutObject", "b", key, "no")

    def broken(event: Any, context: Any) -> Any:
        raise ValueError("the cause")

    monkeypatch.setattr(Returns, "write", refuse)
    monkeypatch.setattr(deployment.cluster.components["summary"], "_component", broken)

    answer = run(deployment, TEXTS)

    assert answer["Failure"]["message"] == "the cause"
    assert deployment.buckets.failure("run1")["message"] == "the cause"
    (line,) = (line for line in parse_lines(capfd.readouterr().out) if line["function"] == "unum_map")
    assert "s3:PutObject" in line["not_kept"]


@pytest.mark.parametrize("resumed", [1, "true", None])
def test_resumed_is_true_or_false(resumed: Any, cluster: Cluster) -> None:
    with pytest.raises(LambdaError, match="Resumed"):
        cluster.invoke("unum_map", envelope([], Resumed=resumed))
