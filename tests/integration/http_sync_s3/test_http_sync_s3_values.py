"""Values under http_sync_s3: fan-outs of nothing, claim checks, bare documents, and what is refused."""

from typing import Any

import pytest

from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, LambdaError
from tests.fakes.limits import limit
from tests.fakes.return_stores import StoreUnderTest
from tests.integration.http_sync_s3.runs import log_lines, mapper_event, start


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
    limit(event_bytes=120)

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
