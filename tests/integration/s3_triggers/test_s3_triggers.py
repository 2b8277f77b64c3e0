"""What only s3_triggers does: fan-ins by a lock, under events that come twice, late, in any order, or only after their loss."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from runtime.ports import ports
from tests.fakes.cluster import Cluster, Killed
from tests.fakes.deployments import TriggeredByObjects
from tests.fakes.log_lines import outcomes, parse_lines, workers
from tests.integration.s3_triggers.runs import COUNTS, ONE_EACH, TEXTS, Capsys, names, run


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
    stage = deployment.buckets.stages["mapper-output" if function == "partition" else "reducer-output"]

    def die(bucket: str, key: str, body: bytes) -> bool:
        created = create(bucket, key, body)
        if created and key.endswith("/.lock") and bucket == stage and not died:
            died.append(key)
            raise Killed
        return created

    create = ports().s3.create
    monkeypatch.setattr(ports().s3, "create", die)

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
    create, lock, left = ports().s3.create, threading.Lock(), [written]
    reducer_input = deployment.buckets.stages["reducer-input"]

    def die(bucket: str, key: str, body: bytes) -> bool:
        if bucket == reducer_input:
            with lock:
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
        return create(bucket, key, body)

    monkeypatch.setattr(ports().s3, "create", die)

    run(deployment, TEXTS)

    assert left[0] < 0 or written == 5
    assert deployment.buckets.result("run1") == COUNTS


def test_lock_that_outlived_its_owner_is_taken_over(deployment: TriggeredByObjects, capfd: Capsys) -> None:
    for role in ("mapper-output", "reducer-output"):
        lock = {"Owner": "gone", "Time": time.time() - 300 - 61}
        deployment.buckets.put(deployment.buckets.stages[role], "run1/.lock", lock)

    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


def test_lock_whose_owner_may_live_is_left_alone(deployment: TriggeredByObjects, capfd: Capsys) -> None:
    lock = {"Owner": "alive", "Time": time.time() - 300 - 30}
    deployment.buckets.put(deployment.buckets.stages["mapper-output"], "run1/.lock", lock)

    run(deployment, TEXTS)

    assert outcomes(parse_lines(capfd.readouterr().out), "partition") == {"turned back": 4}
    assert deployment.buckets.read(deployment.buckets.stages["mapper-output"], "run1/.lock") == lock
    assert deployment.buckets.keys(deployment.buckets.stages["reducer-input"]) == []


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
    monkeypatch.setattr(ports().s3, "create", store(ports().s3.create))

    deployment.wait()

    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH
