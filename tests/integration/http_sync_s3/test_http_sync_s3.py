"""What only http_sync_s3 does, with each store: fan-ins, duplicates, hand-ons, and failures that nobody waits for."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster
from tests.fakes.return_stores import StoreUnderTest
from tests.fakes.user_maps import Flaky, Gate
from tests.fakes.waiting import wait_until
from tests.integration.http_sync_s3.runs import COUNTS, TEXTS, WITH_A_POLLER, log_lines, mapper_event, start, values, waiting

MakeCluster = Callable[..., Cluster]


@pytest.mark.parametrize("function", ["unum_map", "mapper", "partition", "reducer", "summary"])
def test_duplicates_after_the_end_change_nothing(
    function: str, cluster: Cluster, buckets: Buckets, store: StoreUnderTest
) -> None:
    start(cluster, buckets, TEXTS)
    cluster.wait_idle()
    before = buckets.everything() + values(store)

    for name, event in list(cluster.accepted):
        if name == function:
            cluster.invoke_async(name, event)
    cluster.wait_idle()

    assert buckets.result("run1") == COUNTS
    assert buckets.everything() + values(store) == before


def test_duplicates_of_every_event_at_once_change_nothing(cluster: Cluster, buckets: Buckets, store: StoreUnderTest) -> None:
    start(cluster, buckets, TEXTS)
    cluster.wait_idle()
    once = sorted(key.partition("/")[2] for key in buckets.everything())
    stored = values(store)

    cluster.deliveries = 2
    start(cluster, buckets, TEXTS, "run1twice")
    cluster.wait_idle()

    keys = [key.removeprefix("run1twice/") for key in buckets.everything() if key.startswith("run1twice/")]
    assert buckets.result("run1twice") == COUNTS
    assert len(keys) == len(once)
    assert len(values(store)) == 2 * len(stored) > 0


def test_duplicate_of_a_mapper_stores_the_same_keys_even_where_no_return_value_is_left(
    cluster: Cluster, buckets: Buckets, store: StoreUnderTest
) -> None:
    event = mapper_event(1, 2, "to be or not to be", buckets)
    cluster.invoke("mapper", event)
    before = buckets.keys(buckets.shuffle)

    store.forget("run1", "mapper", 1)
    cluster.invoke("mapper", event)

    assert buckets.keys(buckets.shuffle) == before
    assert len(before) == 6 + 1  # what the mapper says it has emitted


def test_duplicate_skips_the_component(cluster: Cluster, buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    never = Flaky(0, ValueError())
    monkeypatch.setattr("functions.mapper.user_map.user_map", never)
    event = mapper_event(1, 2, "to be", buckets)

    cluster.invoke("mapper", event)
    cluster.invoke("mapper", event)

    assert never.calls == 1


def test_first_return_value_stays(cluster: Cluster, buckets: Buckets) -> None:
    buckets.put(buckets.results, "run1/result.json", {"first": 1})

    cluster.invoke("summary", {"Session": "run1", "Data": {"Source": "http", "Value": [{"second": 1}]}})

    assert buckets.result("run1") == {"first": 1}


def test_duplicate_of_summary_reads_nothing_again(cluster: Cluster, buckets: Buckets) -> None:
    buckets.put(buckets.results, "run1/result.json", {"first": 1})
    gone = {"Directory": "reducer/", "Size": 3}

    cluster.invoke("summary", {"Session": "run1", "Data": {"Source": "s3", "Value": gone}})

    assert buckets.result("run1") == {"first": 1}


@pytest.mark.parametrize("refused", ["mapper", "partition", "reducer", "summary"])
def test_refused_invocation_is_repaired_by_the_retry(refused: str, cluster: Cluster, buckets: Buckets) -> None:
    cluster.refusals[refused] = 1

    start(cluster, buckets, TEXTS)
    cluster.wait_idle()

    assert cluster.refusals[refused] == 0
    assert buckets.result("run1") == COUNTS
    assert buckets.failure("run1") is None


@WITH_A_POLLER
def test_poller_hands_on_before_its_time_is_up(
    cluster: Cluster, buckets: Buckets, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    gate = Gate()
    monkeypatch.setattr("functions.mapper.user_map.user_map", gate)
    cluster.timeouts["mapper"] = 0.3

    start(cluster, buckets, ["slow", "to be"])
    wait_until(lambda: len(waiting(cluster)) >= 2, "two hand-ons")
    gate.open()
    cluster.wait_idle()

    assert buckets.result("run1") == {"slow": 1, "to": 1, "be": 1}
    assert [told["HandOns"] for told in waiting(cluster)] == list(range(1, len(waiting(cluster)) + 1))
    assert len({told["Since"] for told in waiting(cluster)}) == 1
    assert max(line.get("hand_ons", 0) for line in log_lines(capfd)) == len(waiting(cluster))


@WITH_A_POLLER
def test_fan_in_that_expires_names_what_is_missing(make_cluster: MakeCluster, buckets: Buckets, store: StoreUnderTest) -> None:
    cluster = make_cluster("http_sync_s3", fan_in_wait_seconds=0, **store.settings)
    cluster.invoke("mapper", mapper_event(2, 4, "to", buckets))

    cluster.invoke_async("mapper", mapper_event(4, 4, "be", buckets))
    cluster.wait_idle()

    failed = buckets.failure("run1")
    assert (failed["function"], failed["index"], failed["error"]) == ("mapper", 1, "FanInTimeout")
    assert "2 of 4 mapper invocations have not returned (index 1, 3)" in failed["message"]


@WITH_A_POLLER
def test_deadline_of_a_fan_in_counts_over_all_hand_ons(
    make_cluster: MakeCluster, buckets: Buckets, store: StoreUnderTest
) -> None:
    cluster = make_cluster("http_sync_s3", fan_in_wait_seconds=1000, **store.settings)

    cluster.invoke_async("mapper", mapper_event(2, 2, "be", buckets, Waiting={"Since": 1.5, "HandOns": 3}))
    cluster.wait_idle()

    assert buckets.failure("run1")["error"] == "FanInTimeout"


def test_failing_mapper_is_recorded_after_three_attempts(
    cluster: Cluster, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    always = Flaky(99, ValueError("never"))
    monkeypatch.setattr("functions.mapper.user_map.user_map", always)

    start(cluster, buckets, ["to be"])
    cluster.wait_idle()

    failed = buckets.failure("run1")
    assert always.calls == 3
    assert (failed["function"], failed["index"], failed["message"], failed["attempts"]) == ("mapper", 1, "never", 3)


@pytest.mark.parametrize("function", ["unum_map", "partition", "reducer", "summary"])
def test_failure_of_any_function_is_recorded(
    function: str, cluster: Cluster, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise LookupError("broken on purpose")

    monkeypatch.setattr(cluster.components[function], "_component", broken)

    start(cluster, buckets, ["to"])
    cluster.wait_idle()

    failed = buckets.failure("run1")
    assert (failed["function"], failed["error"], failed["message"]) == (function, "LookupError", "broken on purpose")


@WITH_A_POLLER
def test_poller_stops_when_the_run_fails(
    cluster: Cluster, buckets: Buckets, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_meanwhile(text: str) -> None:
        buckets.put(buckets.results, "run1/failed.json", {"run": "run1"})

    monkeypatch.setattr("functions.mapper.user_map.user_map", fail_meanwhile)

    cluster.invoke("mapper", mapper_event(2, 2, "be", buckets))

    assert log_lines(capfd)[-1]["wait"] == "ENDED"
    assert cluster.accepted == []


@pytest.mark.parametrize("function", ["unum_map", "mapper", "partition", "reducer", "summary"])
def test_function_that_wakes_up_after_its_run_has_failed_does_nothing(
    cluster: Cluster, buckets: Buckets, capfd: pytest.CaptureFixture[str], function: str
) -> None:
    events = {
        "unum_map": {"Session": "run1", "Data": {"Source": "http", "Value": [{"text": "to", "destination": buckets.shuffle}]}},
        "mapper": mapper_event(1, 1, "to", buckets),
        "partition": {"Session": "run1", "Data": {"Source": "s3", "Value": {"Directory": "mapper/", "Size": 0}}},
        "reducer": {
            "Session": "run1",
            "Data": {"Source": "http", "Value": {"bucket": buckets.shuffle, "partition": "reducer0/"}},
            "Fan-out": {"Index": 1, "Size": 1, "Directory": "reducer/"},
        },
        "summary": {"Session": "run1", "Data": {"Source": "s3", "Value": {"Directory": "reducer/", "Size": 0}}},
    }
    buckets.put(buckets.results, "run1/failed.json", {"run": "run1"})
    before = buckets.everything()

    cluster.invoke(function, events[function])

    assert log_lines(capfd)[-1]["outcome"] == "turned back"
    assert cluster.accepted == []
    assert buckets.everything() == before
