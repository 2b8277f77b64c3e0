"""Failures under http_only: they travel up in the answers, calls are repeated, and callers have deadlines."""

import time
from collections import Counter
from typing import Any

import pytest

from runtime.aws.errors import StorageError
from runtime.orchestration.ending.result import store_result
from runtime.orchestration.http_only import orchestration as http_only
from runtime.ports import ports
from tests.fakes.cluster import Cluster, Killed
from tests.fakes.context import FakeContext
from tests.fakes.deployments import CalledFunctions
from tests.fakes.log_lines import parse_lines
from tests.fakes.user_maps import Deadly, Flaky
from tests.integration.http_only.runs import COUNTS, TEXTS, Capsys, calls, chunks_of, envelope, names, run


def test_mapper_that_always_raises_ends_the_run(deployment: CalledFunctions, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_bad(text: str) -> None:
        if text == "bad":
            raise ValueError("a bad text")

    monkeypatch.setattr("functions.mapper.user_map.user_map", refuse_bad)

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
    monkeypatch.setattr("functions.mapper.user_map.user_map", deadly)

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
    monkeypatch.setattr("functions.mapper.user_map.user_map", flaky)

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
    assert failed["traceback"] == []


def takes_most_of_the_time(cluster: Cluster) -> None:
    cluster.ports.clock.ahead += 40.0


def test_lost_answer_is_not_asked_for_without_time_for_it(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.mapper.user_map.user_map", lambda text: takes_most_of_the_time(cluster))
    cluster.lost_answers["mapper"] = 1

    answer = cluster.invoke("unum_map", envelope(chunks_of(deployment.buckets, ["to"])))

    assert (answer["Failure"]["error"], answer["Failure"]["attempts"]) == ("AnswerLost", 1)


def test_lost_answer_takes_none_of_the_attempts_at_a_function_that_fails(
    deployment: CalledFunctions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    flaky = Flaky(2, ConnectionError("try again"))
    monkeypatch.setattr("functions.mapper.user_map.user_map", flaky)
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
    def user_map(text: str) -> None:
        takes_most_of_the_time(cluster)
        raise ValueError("once")

    monkeypatch.setattr("functions.mapper.user_map.user_map", user_map)

    answer = cluster.invoke("unum_map", envelope(chunks_of(deployment.buckets, ["to"])))

    assert (answer["Failure"]["message"], answer["Failure"]["attempts"]) == ("once", 1)


@pytest.mark.parametrize("function", ["unum_map", "mapper", "partition", "reducer", "summary"])
def test_nothing_is_begun_for_a_caller_that_is_gone(
    function: str, deployment: CalledFunctions, cluster: Cluster, capfd: Capsys
) -> None:
    place = {"Fan-out": {"Index": 1, "Size": 1}} if function in ("mapper", "reducer") else {}
    event = envelope(chunks_of(deployment.buckets, ["to"]), Deadline=time.time() - 0.1, **place)

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


def test_started_asynchronously_its_failure_is_recorded_by_the_destination(deployment: CalledFunctions, cluster: Cluster) -> None:
    cluster.invoke_async("unum_map", envelope("no array"))
    cluster.wait_idle()

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "error", "attempts")] == ["unum_map", "ValueError", 3]


def test_failure_keeps_what_the_branches_have_answered(deployment: CalledFunctions, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise ValueError("no")

    monkeypatch.setattr(deployment.cluster.components["summary"], "_component", broken)

    run(deployment, TEXTS)

    kept = ["mapper/1.json", "mapper/2.json", "mapper/3.json", "mapper/4.json", "partition/1.json"]
    reducers = ["reducer/1.json", "reducer/2.json", "reducer/3.json", "unum_map/1.json"]
    assert deployment.buckets.keys(deployment.buckets.returns) == [f"run1/{name}" for name in (*kept, *reducers)]


def test_failure_to_keep_them_hides_no_other(deployment: CalledFunctions, monkeypatch: pytest.MonkeyPatch, capfd: Capsys) -> None:
    def refuse(bucket: str, key: str, body: bytes) -> None:
        if bucket == deployment.buckets.returns:
            raise StorageError("s3:PutObject", bucket, key, "no")
        put(bucket, key, body)

    put = ports().s3.put

    def broken(event: Any, context: Any) -> Any:
        raise ValueError("the cause")

    monkeypatch.setattr(ports().s3, "put", refuse)
    monkeypatch.setattr(deployment.cluster.components["summary"], "_component", broken)

    answer = run(deployment, TEXTS)

    assert answer["Failure"]["message"] == "the cause"
    assert deployment.buckets.failure("run1")["message"] == "the cause"
    (line,) = (line for line in parse_lines(capfd.readouterr().out) if line["function"] == "unum_map")
    assert "s3:PutObject" in line["not_kept"]
