"""What only http_sync_s3 does, with each store of return values: fan-ins, duplicates, hand-ons, claim checks, and failures that
nobody waits for."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from runtime.orchestration.http_sync_s3 import orchestration as http_sync_s3
from runtime.orchestration.http_sync_s3.stores import RETURN_STORES
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, LambdaError
from tests.fakes.log_lines import parse_lines
from tests.fakes.return_stores import StoreUnderTest
from tests.fakes.user_maps import Flaky, Gate
from tests.fakes.waiting import wait_until

TEXTS = ["to be or not to be", "that is", "to be or not to be"]
COUNTS = Counter(word for text in TEXTS for word in text.split())

MakeCluster = Callable[..., Cluster]


WITH_A_POLLER = pytest.mark.parametrize("store", ["s3", "redis"], indirect=True)
"""Of the stores: those where one branch waits for the others."""


@pytest.fixture(params=RETURN_STORES)
def store(request: pytest.FixtureRequest) -> StoreUnderTest:
    made: StoreUnderTest = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def cluster(make_cluster: MakeCluster, store: StoreUnderTest) -> Cluster:
    return make_cluster("http_sync_s3", **store.settings)


def start(cluster: Cluster, buckets: Buckets, texts: list[str], run: str = "run1") -> None:
    chunks = [{"text": text, "destination": buckets.shuffle} for text in texts]
    cluster.invoke_async("unum_map", {"Session": run, "Data": {"Source": "http", "Value": chunks}})


def mapper_event(index: int, size: int, text: str, buckets: Buckets, **more: Any) -> dict[str, Any]:
    return {
        "Session": "run1",
        "Data": {"Source": "http", "Value": {"text": text, "destination": buckets.shuffle}},
        "Fan-out": {"Index": index, "Size": size, "Directory": "mapper/"},
        **more,
    }


def log_lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return parse_lines(capfd.readouterr().out)


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
    monkeypatch.setattr("functions.mapper.mapper.user_map", never)
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
    monkeypatch.setattr("functions.mapper.mapper.user_map", gate)
    cluster.timeouts["mapper"] = 0.3

    start(cluster, buckets, ["slow", "to be"])
    wait_until(lambda: len(waiting(cluster)) >= 2, "two hand-ons")
    gate.open()
    cluster.wait_idle()

    assert buckets.result("run1") == {"slow": 1, "to": 1, "be": 1}
    assert [told["HandOns"] for told in waiting(cluster)] == list(range(1, len(waiting(cluster)) + 1))
    assert len({told["Since"] for told in waiting(cluster)}) == 1
    assert max(line.get("hand_ons", 0) for line in log_lines(capfd)) == len(waiting(cluster))


def values(store: StoreUnderTest) -> list[str]:
    """All that a store holds, but for wake-ups: those tell nothing for sure."""
    return [key for key in store.everything() if not key.endswith("/wake")]


def waiting(cluster: Cluster) -> list[dict[str, Any]]:
    return [event["Waiting"] for function, event in list(cluster.accepted) if function == "mapper" and "Waiting" in event]


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
    monkeypatch.setattr("functions.mapper.mapper.user_map", always)

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

    monkeypatch.setattr("functions.mapper.mapper.user_map", fail_meanwhile)

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


def test_fan_out_of_nothing_is_completed_by_its_own_egress(cluster: Cluster, buckets: Buckets) -> None:
    start(cluster, buckets, [])
    cluster.wait_idle()

    assert [function for function, _ in cluster.accepted] == ["unum_map", "partition", "summary"]
    assert buckets.result("run1") == {}


def test_partitions_of_nothing_go_straight_to_summary(cluster: Cluster, buckets: Buckets) -> None:
    start(cluster, buckets, ["", ""])
    cluster.wait_idle()

    assert [function for function, _ in cluster.accepted] == ["unum_map", "mapper", "mapper", "partition", "summary"]
    assert buckets.result("run1") == {}


def test_payloads_too_large_for_an_event_travel_as_claim_checks(
    cluster: Cluster, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_sync_s3, "ASYNC_PAYLOAD_BYTES", 120)

    start(cluster, buckets, ["to be " * 20, "or"])
    cluster.wait_idle()

    sources = {event["Fan-out"]["Index"]: event["Data"] for function, event in cluster.accepted if function == "mapper"}
    assert sources[1] == {"Source": "s3", "Value": "mapper.input/1.json"}
    assert sources[2]["Source"] == "http"
    assert buckets.keys(buckets.returns, "run1/mapper.input/") == ["run1/mapper.input/1.json"]
    assert buckets.result("run1") == {"to": 20, "be": 20, "or": 1}


def test_entry_takes_its_array_as_a_claim_check(cluster: Cluster, buckets: Buckets) -> None:
    buckets.put(buckets.returns, "run1/unum_map.input/1.json", [{"text": "to be", "destination": buckets.shuffle}])

    cluster.invoke_async("unum_map", {"Session": "run1", "Data": {"Source": "s3", "Value": "unum_map.input/1.json"}})
    cluster.wait_idle()

    assert buckets.result("run1") == {"to": 1, "be": 1}


@pytest.mark.parametrize("in_the_bucket", [False, True])
def test_entry_passes_claim_checks_on_to_the_branches_that_they_are_for(
    in_the_bucket: bool, cluster: Cluster, buckets: Buckets
) -> None:
    first, second = ({"text": text, "destination": buckets.shuffle} for text in ("to be", "or"))
    buckets.put(buckets.returns, "run1/mapper.input/2.json", second)
    data: Any = [{"Source": "http", "Value": first}, {"Source": "s3", "Value": "mapper.input/2.json"}]
    buckets.put(buckets.returns, "run1/unum_map.input/1.json", data)
    pointed = {"Source": "s3", "Value": {"Elements": "unum_map.input/1.json"}}

    cluster.invoke_async("unum_map", {"Session": "run1", "Data": pointed if in_the_bucket else data})
    cluster.wait_idle()

    given = {event["Fan-out"]["Index"]: event["Data"] for function, event in cluster.accepted if function == "mapper"}
    assert given == {1: data[0], 2: data[1]}
    assert buckets.result("run1") == {"to": 1, "be": 1, "or": 1}


@pytest.mark.parametrize(
    "pointer",
    ["mapper/1.json", "mapper.input/../1.json", {"Directory": "mapper/", "Size": 1}, {"Elements": "mapper.input/1.json"}],
)
def test_element_that_is_no_input_of_a_mapper_fails_the_run(pointer: Any, cluster: Cluster, buckets: Buckets) -> None:
    cluster.invoke_async("unum_map", {"Session": "run1", "Data": [{"Source": "s3", "Value": pointer}]})
    cluster.wait_idle()

    failed = buckets.read(buckets.results, "run1/failed.json")
    assert (failed["function"], failed["error"]) == ("unum_map", "EnvelopeError")


@pytest.mark.parametrize("held", [{"data": []}, [{"text": "to be"}], "text"])
def test_list_of_anything_but_data_fails_the_run(held: Any, cluster: Cluster, buckets: Buckets) -> None:
    buckets.put(buckets.returns, "run1/unum_map.input/1.json", held)

    cluster.invoke_async(
        "unum_map", {"Session": "run1", "Data": {"Source": "s3", "Value": {"Elements": "unum_map.input/1.json"}}}
    )
    cluster.wait_idle()

    failed = buckets.read(buckets.results, "run1/failed.json")
    assert (failed["function"], failed["error"]) == ("unum_map", "EnvelopeError")


def test_claim_check_that_is_missing_fails_the_run_with_its_key(cluster: Cluster, buckets: Buckets) -> None:
    cluster.invoke_async("unum_map", {"Session": "run1", "Data": [{"Source": "s3", "Value": "mapper.input/1.json"}]})
    cluster.wait_idle()

    failed = buckets.read(buckets.results, "run1/failed.json")
    assert failed["function"] == "mapper"
    assert "run1/mapper.input/1.json failed: no such value in this run" in failed["message"]


def test_entry_makes_a_bare_document_a_run_of_its_own(cluster: Cluster, buckets: Buckets) -> None:
    cluster.invoke_async("unum_map", {"data": [{"text": "to be", "destination": buckets.shuffle}]})
    cluster.wait_idle()

    mark, key = buckets.keys(buckets.results)
    assert key.endswith("/result.json")
    assert buckets.read(buckets.results, key) == {"to": 1, "be": 1}
    assert mark.startswith(f".open/{key.partition('/')[0]}/")


def test_run_that_a_client_has_started_is_not_marked_again(cluster: Cluster, buckets: Buckets) -> None:
    chunks = [{"text": "to be", "destination": buckets.shuffle}]

    cluster.invoke_async("unum_map", {"Session": "run1", "Data": {"Source": "http", "Value": chunks}})
    cluster.wait_idle()

    assert buckets.keys(buckets.results) == ["run1/result.json"]


def test_failure_of_a_bare_document_is_recorded_in_the_run_that_it_made(cluster: Cluster, buckets: Buckets) -> None:
    cluster.invoke_async("unum_map", {"data": "no array"})
    cluster.wait_idle()

    _, key = buckets.keys(buckets.results)
    failed = buckets.read(buckets.results, key)
    assert key == f"{failed['request_id']}/failed.json"
    assert failed["function"] == "unum_map"


@pytest.mark.parametrize(
    "pointer",
    [
        "../other/1.json",
        "../../secret",
        "s3://other/mapper.input/1.json",
        "/mapper.input/1.json",
        "mapper.input/../1.json",
        "mapper.input/1.json\n",
        "mapper.input/01.json",
        "",
        {"Directory": "../other/", "Size": 1},
        {"Directory": "/", "Size": 1},
        {"Directory": "mapper/", "Size": -1},
    ],
)
def test_forged_pointers_are_refused(pointer: Any, cluster: Cluster, buckets: Buckets) -> None:
    buckets.put(buckets.returns, "other/1.json", {"text": "secret", "destination": buckets.shuffle})
    event = mapper_event(1, 2, "", buckets) | {"Data": {"Source": "s3", "Value": pointer}}

    with pytest.raises(LambdaError) as caught:
        cluster.invoke("mapper", event)

    assert caught.value.answer["errorType"] == "EnvelopeError"
    assert buckets.keys(buckets.shuffle) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"Fan-out": {"Index": 1, "Size": 2}}, '"Directory" must be "mapper/"'),
        ({"Fan-out": {"Index": 1, "Size": 2, "Directory": "reducer/"}}, '"Directory" must be "mapper/"'),
        ({"Fan-out": None}, 'needs "Fan-out"'),
        ({"Waiting": {"Since": "now", "HandOns": 1}}, '"Since" is no time'),
        ({"Waiting": {"Since": 1.0, "HandOns": 0}}, '"Waiting" needs'),
        ({"Waiting": {"Since": 1.0, "HandOns": 1}, "Fan-out": None}, '"Waiting" without "Fan-out"'),
    ],
)
def test_branch_of_a_fan_out_says_what_is_wrong_with_its_event(
    wrong: dict[str, Any], said: str, cluster: Cluster, buckets: Buckets
) -> None:
    with pytest.raises(LambdaError) as caught:
        cluster.invoke("mapper", mapper_event(1, 2, "to", buckets) | wrong)

    assert caught.value.answer["errorType"] == "EnvelopeError"
    assert said in caught.value.answer["errorMessage"]


def test_log_line_counts_requests_of_all_threads(
    cluster: Cluster, buckets: Buckets, store: StoreUnderTest, capfd: pytest.CaptureFixture[str]
) -> None:
    start(cluster, buckets, ["to be", "or not to"])
    cluster.wait_idle()

    lines = log_lines(capfd)
    put = {"s3": "s3.PutObject", "dynamodb": "dynamodb.PutItem", "redis": "redis.SET"}[store.name]
    mappers = {line["index"]: line["requests"] for line in lines if line["function"] == "mapper"}
    assert {index: requests["s3.PutObject"] for index, requests in mappers.items()} == (
        {1: 3 + 1, 2: 4 + 1} if store.name == "s3" else {1: 3, 2: 4}  # the pairs, their number, and the return value
    )
    assert all(requests[put] for requests in mappers.values())
