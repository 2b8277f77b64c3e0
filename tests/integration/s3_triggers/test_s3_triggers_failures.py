"""Failures and events that cannot be used under s3_triggers."""

from typing import Any

import pytest

from tests.fakes.cluster import Cluster, LambdaError
from tests.fakes.deployments import TriggeredByObjects
from tests.fakes.log_lines import outcomes, parse_lines
from tests.fakes.notifications import object_created
from tests.fakes.places import WORDCOUNT
from tests.fakes.user_maps import Deadly, Flaky
from tests.integration.s3_triggers.runs import TEXTS, Capsys, run


@pytest.mark.parametrize(
    ("function", "role", "key", "said"),
    [
        ("mapper", "mapper-output", "run1/1.json", "not a record of an object created in"),
        ("partition", "mapper-input", "run1/1.json", "not a record of an object created in"),
        ("mapper", "mapper-input", "run1/.unum_map", "not the key of a value"),
        ("mapper", "mapper-input", "run1/.json", "not the key of a value"),
        ("mapper", "mapper-input", "run1/01.json", "not the key of a value"),
        ("mapper", "mapper-input", "run1/-1.json", "not the key of a value"),
        ("mapper", "mapper-input", "run1/1.json\n", "not the key of a value"),
        ("mapper", "mapper-input", "../run1/1.json", "not the key of a value"),
        ("mapper", "mapper-input", "run1/../1.json", "not the key of a value"),
        ("mapper", "mapper-input", "run1/more/1.json", "not the key of a value"),
        ("mapper", "mapper-input", "/1.json", "not the key of a value"),
        ("mapper", "mapper-input", "run1/0.json", "none of the run's 2 values"),
        ("mapper", "mapper-input", "run1/3.json", "none of the run's 2 values"),
        ("partition", "mapper-output", "../run1/1.json", "not the key of a value"),
    ],
)
def test_forged_records_are_refused(
    function: str, role: str, key: str, said: str, deployment: TriggeredByObjects, cluster: Cluster
) -> None:
    deployment.buckets.put(deployment.buckets.stages["mapper-input"], "run1/.unum_map", {"Size": 2})
    before = deployment.buckets.everything()

    with pytest.raises(LambdaError) as caught:
        cluster.invoke(function, object_created(deployment.buckets.stages[role], key))

    assert caught.value.answer["errorType"] == "EnvelopeError"
    assert said in caught.value.answer["errorMessage"]
    assert deployment.buckets.everything() == before


def test_object_of_a_foreign_bucket_is_refused(cluster: Cluster) -> None:
    with pytest.raises(LambdaError, match="not a record of an object created in"):
        cluster.invoke("mapper", object_created("somebody-elses", "run1/1.json"))


@pytest.mark.parametrize("event", [{}, {"Records": []}, [], None, {"Event": "s3:TestEvent"}])
def test_what_is_no_event_is_refused(event: Any, cluster: Cluster) -> None:
    with pytest.raises(LambdaError, match="not an S3 event"):
        cluster.invoke("mapper", event)


def test_key_is_decoded(deployment: TriggeredByObjects, cluster: Cluster) -> None:
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}
    deployment.buckets.put(deployment.buckets.stages["mapper-input"], "run1/.unum_map", {"Size": 1})
    deployment.buckets.put(deployment.buckets.stages["mapper-input"], "run1/1.json", chunk)
    event = object_created(deployment.buckets.stages["mapper-input"], "run1/1.json")
    event["Records"][0]["s3"]["object"]["key"] = "run1%2F1%2Ejson"

    cluster.invoke("mapper", event)
    deployment.wait()

    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


@pytest.mark.parametrize(("bookkeeping", "marked"), [({"Size": 1}, 1), ({"Size": 1, "Marked": True}, 0)])
def test_run_that_no_client_has_started_is_marked_as_open(
    bookkeeping: Any, marked: int, deployment: TriggeredByObjects, cluster: Cluster
) -> None:
    source = deployment.buckets.stages["mapper-input"]
    deployment.buckets.put(source, "run1/.unum_map", bookkeeping)
    deployment.buckets.put(source, "run1/1.json", {"text": "to be", "destination": deployment.buckets.shuffle})

    cluster.invoke("mapper", object_created(source, "run1/1.json"))

    assert len(deployment.buckets.keys(deployment.buckets.results, ".open/run1/")) == marked


def test_records_of_one_event_are_worked_through_each_for_itself(deployment: TriggeredByObjects, cluster: Cluster) -> None:
    source = deployment.buckets.stages["mapper-input"]
    deployment.buckets.put(source, "run1/.unum_map", {"Size": 3})
    for index in (1, 3):
        deployment.buckets.put(source, f"run1/{index}.json", {"text": "be", "destination": deployment.buckets.shuffle})
    records = [record for index in (1, 2, 3) for record in object_created(source, f"run1/{index}.json")["Records"]]

    with pytest.raises(LambdaError) as caught:
        cluster.invoke("mapper", {"Records": records})
    deployment.wait()

    assert "run1/2.json failed: no such value in this run" in caught.value.answer["errorMessage"]
    returned = deployment.buckets.keys(deployment.buckets.stages["mapper-output"])
    assert returned == ["run1/.sync", "run1/1.json", "run1/3.json"]


@pytest.mark.parametrize("function", ["mapper", "partition", "reducer", "summary"])
def test_event_of_a_run_that_was_removed_is_turned_back(
    function: str, deployment: TriggeredByObjects, cluster: Cluster, capfd: Capsys
) -> None:
    role = WORDCOUNT[function].from_stage

    cluster.invoke(function, object_created(deployment.buckets.stages[role], "run1/1.json"))

    (line,) = parse_lines(capfd.readouterr().out)
    assert (line["outcome"], line["reason"]) == ("turned back", "the run is no more")
    assert deployment.buckets.everything() == []


@pytest.mark.parametrize("size", [{}, {"Size": -1}, {"Size": "2"}])
def test_bookkeeping_without_a_size_is_refused(size: Any, deployment: TriggeredByObjects, cluster: Cluster) -> None:
    deployment.buckets.put(deployment.buckets.stages["mapper-output"], "run1/.sync", size)

    with pytest.raises(LambdaError, match='"Size" is missing'):
        cluster.invoke("partition", object_created(deployment.buckets.stages["mapper-output"], "run1/1.json"))


def test_mapper_that_always_raises_ends_the_run(
    deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    def refuse_bad(text: str) -> None:
        if text == "bad":
            raise ValueError("a bad text")

    monkeypatch.setattr("functions.mapper.user_map.user_map", refuse_bad)

    run(deployment, ["to", "bad", "be"])

    failed = deployment.buckets.failure("run1")
    told = [failed[field] for field in ("function", "index", "error", "message", "attempts")]
    assert told == ["mapper", 2, "ValueError", "a bad text", 3]
    assert deployment.buckets.keys(deployment.buckets.stages["reducer-input"]) == []
    assert set(outcomes(parse_lines(capfd.readouterr().out), "partition")) == {"turned back"}


def test_mapper_that_is_killed_each_time_ends_the_run(deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    deadly = Deadly(99)
    monkeypatch.setattr("functions.mapper.user_map.user_map", deadly)

    run(deployment, ["to be"])

    failed = deployment.buckets.failure("run1")
    assert deadly.calls == 3
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == ["mapper", 1, "Runtime.ExitError", 3]


@pytest.mark.parametrize(("function", "index"), [("partition", None), ("reducer", 1), ("summary", None)])
def test_failure_of_any_function_is_recorded(
    function: str, index: int | None, deployment: TriggeredByObjects, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise LookupError("broken on purpose")

    monkeypatch.setattr(cluster.components[function], "_component", broken)

    run(deployment, ["to"])

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == [function, index, "LookupError", 3]


def test_partition_that_returns_no_array_is_refused(
    deployment: TriggeredByObjects, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.components["partition"], "_component", lambda event, context: {"a": 1})

    run(deployment, ["to"])

    assert deployment.buckets.failure("run1")["message"] == "partition must return an array to fan out over; got dict"
    assert deployment.buckets.keys(deployment.buckets.stages["reducer-input"]) == []


def test_error_that_passes_twice_is_survived(deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    flaky = Flaky(2, ConnectionError("try again"))
    monkeypatch.setattr("functions.mapper.user_map.user_map", flaky)

    run(deployment, ["to be"])

    assert flaky.calls == 3
    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


def test_fan_out_that_was_stored_before_is_sent_again_as_it_was(
    deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claimant that took over and lists other partitions than the first must not mix the two."""
    stored = [{"bucket": deployment.buckets.shuffle, "partition": "reducer0/"}]
    deployment.buckets.put(deployment.buckets.stages["reducer-input"], "run1/.unum_map", {"Size": 1, "Values": stored})
    monkeypatch.setattr(deployment.cluster.components["partition"]._orchestration, "stored", lambda *_: None)

    run(deployment, TEXTS)

    assert deployment.buckets.keys(deployment.buckets.stages["reducer-input"]) == ["run1/.unum_map", "run1/1.json"]
    assert deployment.buckets.read(deployment.buckets.stages["reducer-input"], "run1/1.json") == stored[0]
