"""What only s3_triggers does: fan-ins by a lock, under events that come twice, late, in any order, or only after their loss."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from runtime.aws import s3
from runtime.orchestration.s3_triggers import orchestration as s3_triggers
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, Killed, LambdaError
from tests.fakes.deployments import TriggeredByObjects
from tests.fakes.log_lines import outcomes, parse_lines, workers
from tests.fakes.notifications import object_created
from tests.fakes.user_maps import Deadly, Flaky

TEXTS = ["to be or not to be", "that is", "to be or not to be", "the question"]
COUNTS = Counter(word for text in TEXTS for word in text.split())
ONE_EACH = {"partition": 1, "summary": 1}

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def deployment(s3_triggers_deployment: TriggeredByObjects) -> TriggeredByObjects:
    return s3_triggers_deployment


@pytest.fixture
def cluster(deployment: TriggeredByObjects) -> Cluster:
    return deployment.cluster


def run(deployment: TriggeredByObjects, texts: list[str], name: str = "run1") -> None:
    deployment.start(name, [{"text": text, "destination": deployment.buckets.shuffle} for text in texts])
    deployment.wait()


def names(buckets: Buckets, name: str) -> list[str]:
    """Where a run has stored something; a pair's last segment differs between runs."""
    keys = (key.removeprefix(f"{name}/") for key in buckets.everything() if key.startswith(f"{name}/"))
    return sorted(key.rpartition("/")[0] if key.startswith("reducer") else key for key in keys)


def test_every_value_triggers_and_nothing_else(deployment: TriggeredByObjects, capfd: Capsys) -> None:
    run(deployment, TEXTS)

    assert Counter(function for function, _ in deployment.notifications.sent) == {
        "mapper": 4,
        "partition": 4,
        "reducer": 3,
        "summary": 3,
    }
    stages = [key for bucket in deployment.buckets.stages.values() for key in deployment.buckets.keys(bucket)]
    assert Counter(key.rpartition("/")[2].lstrip("0123456789") for key in stages) == {
        ".json": 4 + 4 + 3 + 3,
        ".unum_map": 2,
        ".sync": 2,
        ".lock": 2,
    }
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


@pytest.mark.parametrize("deliveries", [2, 3])
@pytest.mark.parametrize("seed", [None, *range(6)])
def test_one_invocation_does_each_fan_in_under_duplicates_delays_and_any_order(
    seed: int | None, deliveries: int, deployment: TriggeredByObjects, cluster: Cluster, capfd: Capsys
) -> None:
    run(deployment, TEXTS, "once")
    capfd.readouterr()

    cluster.deliveries = deliveries
    if seed is not None:
        deployment.notifications.schedule.shuffle(seed)
    run(deployment, TEXTS)

    lines = parse_lines(capfd.readouterr().out)
    assert deployment.buckets.result("run1") == COUNTS
    assert names(deployment.buckets, "run1") == names(deployment.buckets, "once")
    assert workers(lines) == ONE_EACH
    assert outcomes(lines, "partition") == {"ok": 1, "turned back": 4 * deliveries - 1}
    assert outcomes(lines, "summary") == {"ok": 1, "turned back": 3 * deliveries - 1}


def test_events_that_are_lost_at_first_do_no_harm(deployment: TriggeredByObjects, capfd: Capsys) -> None:
    deployment.notifications.schedule.lost = 6

    run(deployment, TEXTS)

    assert deployment.notifications.schedule.lost == 0
    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


def test_duplicates_after_the_end_change_nothing(deployment: TriggeredByObjects, cluster: Cluster, capfd: Capsys) -> None:
    run(deployment, TEXTS)
    before = deployment.buckets.everything()
    capfd.readouterr()

    for function, event in list(deployment.notifications.sent):
        cluster.invoke_async(function, event)
    deployment.wait()

    lines = parse_lines(capfd.readouterr().out)
    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.everything() == before
    assert {function: dict(outcomes(lines, function)) for function in ("mapper", "partition", "reducer", "summary")} == {
        "mapper": {"turned back": 4},
        "partition": {"turned back": 4},
        "reducer": {"turned back": 3},
        "summary": {"turned back": 3},
    }


def test_fan_out_of_nothing_goes_straight_to_partition_and_summary(deployment: TriggeredByObjects) -> None:
    run(deployment, [])

    assert [function for function, _ in deployment.notifications.sent] == ["partition", "summary"]
    assert deployment.buckets.result("run1") == {}


def test_partitions_of_nothing_go_straight_to_summary(deployment: TriggeredByObjects) -> None:
    run(deployment, ["", ""])

    assert Counter(function for function, _ in deployment.notifications.sent) == {"mapper": 2, "partition": 2, "summary": 1}
    assert deployment.buckets.result("run1") == {}


@pytest.mark.parametrize("function", ["partition", "summary"])
def test_claimant_that_dies_with_the_lock_is_repaired_by_its_retry(
    function: str, deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    died: list[str] = []
    stage = deployment.buckets.stages["mapper_output" if function == "partition" else "reducer_output"]

    def die(bucket: str, key: str, owner: str, stale_seconds: float) -> bool:
        claimed = claim(bucket, key, owner, stale_seconds)
        if claimed and bucket == stage and not died:
            died.append(owner)
            raise Killed
        return claimed

    claim = s3_triggers.claim
    monkeypatch.setattr(s3_triggers, "claim", die)

    run(deployment, TEXTS)

    assert len(died) == 1
    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


@pytest.mark.parametrize("function", ["mapper", "partition", "reducer", "summary"])
def test_function_that_dies_before_it_stores_is_repaired_by_its_retry(
    function: str, deployment: TriggeredByObjects, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[str] = []
    component = cluster.components[function]._component

    def die_once(event: Any, context: Any) -> Any:
        value = component(event, context)
        if not died:
            died.append(function)
            raise Killed
        return value

    monkeypatch.setattr(cluster.components[function], "_component", die_once)

    run(deployment, TEXTS)

    assert died == [function]
    assert deployment.buckets.result("run1") == COUNTS


@pytest.mark.parametrize("written", range(1, 6))
def test_partition_that_dies_within_its_fan_out_is_repaired_by_its_retry(
    written: int, deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, lock, left = s3.create, threading.Lock(), [written]
    reducer_input = deployment.buckets.stages["reducer_input"]

    def die(bucket: str, key: str, body: bytes) -> bool:
        if bucket == reducer_input:
            with lock:
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
        return create(bucket, key, body)

    monkeypatch.setattr(s3, "create", die)

    run(deployment, TEXTS)

    assert left[0] < 0 or written == 5
    assert deployment.buckets.result("run1") == COUNTS


def test_lock_that_outlived_its_owner_is_taken_over(deployment: TriggeredByObjects, capfd: Capsys) -> None:
    for role in ("mapper_output", "reducer_output"):
        lock = {"Owner": "gone", "Time": time.time() - 300 - 61}
        deployment.buckets.put(deployment.buckets.stages[role], "run1/.lock", lock)

    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


def test_lock_whose_owner_may_live_is_left_alone(deployment: TriggeredByObjects, capfd: Capsys) -> None:
    lock = {"Owner": "alive", "Time": time.time() - 300 - 30}
    deployment.buckets.put(deployment.buckets.stages["mapper_output"], "run1/.lock", lock)

    run(deployment, TEXTS)

    assert outcomes(parse_lines(capfd.readouterr().out), "partition") == {"turned back": 4}
    assert deployment.buckets.read(deployment.buckets.stages["mapper_output"], "run1/.lock") == lock
    assert deployment.buckets.keys(deployment.buckets.stages["reducer_input"]) == []


def answers_already_exists(create: Callable[..., bool]) -> Callable[..., bool]:
    """A store whose answer is lost each time: the repeated request meets its own object."""

    def lie(bucket: str, key: str, body: bytes) -> bool:
        create(bucket, key, body)
        return False

    return lie


def conflicts_first(create: Callable[..., bool]) -> Callable[..., bool]:
    """A store that first answers 409 for each key: nothing is there, though obstore says "already exists"."""
    seen: set[tuple[str, str]] = set()

    def conflict(bucket: str, key: str, body: bytes) -> bool:
        if (bucket, key) in seen:
            return create(bucket, key, body)
        seen.add((bucket, key))
        return False

    return conflict


@pytest.mark.parametrize("store", [answers_already_exists, conflicts_first])
def test_fan_in_has_one_winner_whatever_a_create_is_answered_with(
    store: Callable[..., Any], deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    deployment.notifications.schedule.shuffle(7)  # the chunks are written before the store goes wrong
    deployment.start("run1", [{"text": text, "destination": deployment.buckets.shuffle} for text in TEXTS])
    monkeypatch.setattr(s3, "create", store(s3.create))

    deployment.wait()

    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


@pytest.mark.parametrize(
    ("function", "role", "key", "said"),
    [
        ("mapper", "mapper_output", "run1/1.json", "not a record of an object created in"),
        ("partition", "input", "run1/1.json", "not a record of an object created in"),
        ("mapper", "input", "run1/.unum_map", "not the key of a value"),
        ("mapper", "input", "run1/.json", "not the key of a value"),
        ("mapper", "input", "run1/01.json", "not the key of a value"),
        ("mapper", "input", "run1/-1.json", "not the key of a value"),
        ("mapper", "input", "run1/1.json\n", "not the key of a value"),
        ("mapper", "input", "../run1/1.json", "not the key of a value"),
        ("mapper", "input", "run1/../1.json", "not the key of a value"),
        ("mapper", "input", "run1/more/1.json", "not the key of a value"),
        ("mapper", "input", "/1.json", "not the key of a value"),
        ("mapper", "input", "run1/0.json", "none of the run's 2 values"),
        ("mapper", "input", "run1/3.json", "none of the run's 2 values"),
        ("partition", "mapper_output", "../run1/1.json", "not the key of a value"),
    ],
)
def test_forged_records_are_refused(
    function: str, role: str, key: str, said: str, deployment: TriggeredByObjects, cluster: Cluster
) -> None:
    deployment.buckets.put(deployment.buckets.stages["input"], "run1/.unum_map", {"Size": 2})
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
    deployment.buckets.put(deployment.buckets.stages["input"], "run1/.unum_map", {"Size": 1})
    deployment.buckets.put(deployment.buckets.stages["input"], "run1/1.json", chunk)
    event = object_created(deployment.buckets.stages["input"], "run1/1.json")
    event["Records"][0]["s3"]["object"]["key"] = "run1%2F1%2Ejson"

    cluster.invoke("mapper", event)
    deployment.wait()

    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


@pytest.mark.parametrize(("bookkeeping", "marked"), [({"Size": 1}, 1), ({"Size": 1, "Marked": True}, 0)])
def test_run_that_no_client_has_started_is_marked_as_open(
    bookkeeping: Any, marked: int, deployment: TriggeredByObjects, cluster: Cluster
) -> None:
    source = deployment.buckets.stages["input"]
    deployment.buckets.put(source, "run1/.unum_map", bookkeeping)
    deployment.buckets.put(source, "run1/1.json", {"text": "to be", "destination": deployment.buckets.shuffle})

    cluster.invoke("mapper", object_created(source, "run1/1.json"))

    assert len(deployment.buckets.keys(deployment.buckets.results, ".open/run1/")) == marked


def test_records_of_one_event_are_worked_through_each_for_itself(deployment: TriggeredByObjects, cluster: Cluster) -> None:
    source = deployment.buckets.stages["input"]
    deployment.buckets.put(source, "run1/.unum_map", {"Size": 3})
    for index in (1, 3):
        deployment.buckets.put(source, f"run1/{index}.json", {"text": "be", "destination": deployment.buckets.shuffle})
    records = [record for index in (1, 2, 3) for record in object_created(source, f"run1/{index}.json")["Records"]]

    with pytest.raises(LambdaError) as caught:
        cluster.invoke("mapper", {"Records": records})
    deployment.wait()

    assert "run1/2.json failed: no such value in this run" in caught.value.answer["errorMessage"]
    returned = deployment.buckets.keys(deployment.buckets.stages["mapper_output"])
    assert returned == ["run1/.sync", "run1/1.json", "run1/3.json"]


@pytest.mark.parametrize("function", ["mapper", "partition", "reducer", "summary"])
def test_event_of_a_run_that_was_removed_is_turned_back(
    function: str, deployment: TriggeredByObjects, cluster: Cluster, capfd: Capsys
) -> None:
    role = s3_triggers.STAGES[function][0]

    cluster.invoke(function, object_created(deployment.buckets.stages[role], "run1/1.json"))

    (line,) = parse_lines(capfd.readouterr().out)
    assert (line["outcome"], line["reason"]) == ("turned back", "the run is no more")
    assert deployment.buckets.everything() == []


@pytest.mark.parametrize("size", [{}, {"Size": -1}, {"Size": "2"}])
def test_bookkeeping_without_a_size_is_refused(size: Any, deployment: TriggeredByObjects, cluster: Cluster) -> None:
    deployment.buckets.put(deployment.buckets.stages["mapper_output"], "run1/.sync", size)

    with pytest.raises(LambdaError, match='"Size" is missing'):
        cluster.invoke("partition", object_created(deployment.buckets.stages["mapper_output"], "run1/1.json"))


def test_mapper_that_always_raises_ends_the_run(
    deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    def refuse_bad(text: str) -> None:
        if text == "bad":
            raise ValueError("a bad text")

    monkeypatch.setattr("functions.mapper.mapper.user_map", refuse_bad)

    run(deployment, ["to", "bad", "be"])

    failed = deployment.buckets.failure("run1")
    told = [failed[field] for field in ("function", "index", "error", "message", "attempts")]
    assert told == ["mapper", 2, "ValueError", "a bad text", 3]
    assert deployment.buckets.keys(deployment.buckets.stages["reducer_input"]) == []
    assert set(outcomes(parse_lines(capfd.readouterr().out), "partition")) == {"turned back"}


def test_mapper_that_is_killed_each_time_ends_the_run(deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    deadly = Deadly(99)
    monkeypatch.setattr("functions.mapper.mapper.user_map", deadly)

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
    assert deployment.buckets.keys(deployment.buckets.stages["reducer_input"]) == []


def test_error_that_passes_twice_is_survived(deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    flaky = Flaky(2, ConnectionError("try again"))
    monkeypatch.setattr("functions.mapper.mapper.user_map", flaky)

    run(deployment, ["to be"])

    assert flaky.calls == 3
    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


def test_fan_out_that_was_stored_before_is_sent_again_as_it_was(
    deployment: TriggeredByObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claimant that took over and lists other partitions than the first must not mix the two."""
    stored = [{"bucket": deployment.buckets.shuffle, "partition": "reducer0/"}]
    deployment.buckets.put(deployment.buckets.stages["reducer_input"], "run1/.unum_map", {"Size": 1, "Values": stored})
    monkeypatch.setattr(s3_triggers.S3Triggers, "stored", lambda *_: None)

    run(deployment, TEXTS)

    assert deployment.buckets.keys(deployment.buckets.stages["reducer_input"]) == ["run1/.unum_map", "run1/1.json"]
    assert deployment.buckets.read(deployment.buckets.stages["reducer_input"], "run1/1.json") == stored[0]
