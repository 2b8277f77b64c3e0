"""What each store of return values promises, and what only one of them does, on a true Redis and on moto's DynamoDB."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import NoPermissionError

from runtime.aws.errors import StorageError
from runtime.clock import Clock
from runtime.orchestration.http_sync_s3 import stores
from runtime.orchestration.http_sync_s3.fan_in import Branch, Outcome
from runtime.orchestration.http_sync_s3.stores import RETURN_STORES, ReturnStore
from runtime.orchestration.http_sync_s3.stores import redis as redis_module
from runtime.orchestration.settings import RedisTarget, Settings
from runtime.ports import ports
from runtime.record import replace
from runtime.run import Run, within
from scripts import paths
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, Killed
from tests.fakes.limits import limit
from tests.fakes.log_lines import parse_lines
from tests.fakes.redis_server import PASSWORD, RedisServer
from tests.fakes.return_stores import InRedis, InTable, StoreUnderTest
from tests.fakes.user_maps import Flaky

MakeCluster = Callable[..., Cluster]
LONG = 1000.0


@pytest.fixture(params=RETURN_STORES)
def store(request: pytest.FixtureRequest) -> StoreUnderTest:
    made: StoreUnderTest = request.getfixturevalue(f"{request.param}_store")
    return made


def opened(store: StoreUnderTest, buckets: Buckets, run: str = "run1") -> ReturnStore:
    told = Settings("http_sync_s3", "mapper", "wordcount-http_sync_s3-", buckets.returns, buckets.results, **store.settings)
    return stores.load(told)(run)


def branch(index: int, size: int, *, ends_in: float = LONG, failed: bool = False) -> Branch:
    return Branch("mapper", index, size, time.time() + LONG, time.time() + ends_in, lambda: failed, Clock())


def start(cluster: Cluster, buckets: Buckets, texts: list[str]) -> None:
    chunks = [{"text": text, "destination": buckets.shuffle} for text in texts]
    cluster.invoke_async("unum_map", {"Session": "run1", "Data": {"Source": "http", "Value": chunks}})


def test_first_writer_wins(store: StoreUnderTest, buckets: Buckets) -> None:
    values = opened(store, buckets)

    assert values.create_or_read("mapper", 1, {"by": "first"}) == {"by": "first"}
    assert values.create_or_read("mapper", 1, {"by": "second"}) == {"by": "first"}
    found = values.find("mapper", 1)
    assert found is not None
    assert found.value == {"by": "first"}


def test_one_of_many_writers_at_once_wins(store: StoreUnderTest, buckets: Buckets) -> None:
    values, stored = opened(store, buckets), []
    writers = [threading.Thread(target=lambda n=n: stored.append(values.create_or_read("mapper", 1, n))) for n in range(8)]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)

    assert len(stored) == 8
    assert len(set(stored)) == 1


@pytest.mark.parametrize("value", [None, 0, "", [], {"Value": 1}, {"Pointer": "mapper/2.json"}, "日本語 \ue000 👩‍👩‍👧"])
def test_any_json_is_stored(value: Any, store: StoreUnderTest, buckets: Buckets) -> None:
    values = opened(store, buckets)

    values.create_or_read("mapper", 1, value)

    assert values.values("mapper", 1) == [value]


def test_what_nobody_stored_is_not_found(store: StoreUnderTest, buckets: Buckets) -> None:
    assert opened(store, buckets).find("mapper", 1) is None


def test_values_come_in_the_order_of_their_index(store: StoreUnderTest, buckets: Buckets) -> None:
    values = opened(store, buckets)
    for index in (11, 2, 10, 1, 9, 12, 3, 8, 7, 4, 5, 6):
        values.create_or_read("mapper", index, index)

    assert values.values("mapper", 12) == list(range(1, 13))
    assert values.values("mapper", 0) == []


def test_missing_value_of_a_fan_in_is_an_error_that_names_it(store: StoreUnderTest, buckets: Buckets) -> None:
    values = opened(store, buckets)
    values.create_or_read("mapper", 1, "there")

    with pytest.raises(StorageError, match=r"mapper/2.*no such value"):
        values.values("mapper", 2)


def test_runs_and_functions_do_not_meet(store: StoreUnderTest, buckets: Buckets) -> None:
    opened(store, buckets, "run1").create_or_read("mapper", 1, "run1")

    assert opened(store, buckets, "run1").find("reducer", 1) is None
    assert opened(store, buckets, "run").find("mapper", 1) is None
    assert opened(store, buckets, "run11").create_or_read("mapper", 1, "run11") == "run11"


@pytest.mark.parametrize("chosen", ["dynamodb", "redis"])
def test_value_too_large_for_an_item_is_an_object_whose_first_writer_wins(
    chosen: str, request: pytest.FixtureRequest, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(item_bytes=30, redis_bytes=30)
    values = opened(request.getfixturevalue(f"{chosen}_store"), buckets)
    large, other = "x" * 40, "y" * 50

    assert values.create_or_read("mapper", 1, large) == large
    assert values.create_or_read("mapper", 1, other) == large
    assert values.create_or_read("mapper", 2, "small") == "small"
    assert values.values("mapper", 2) == [large, "small"]
    assert buckets.keys(buckets.returns) == ["run1/mapper/1.json"]
    assert buckets.read(buckets.returns, "run1/mapper/1.json") == large


@pytest.mark.parametrize("chosen", ["dynamodb", "redis"])
@settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_with_duplicates_completes_and_not_too_early(
    chosen: str, data: st.DataObject, request: pytest.FixtureRequest, buckets: Buckets
) -> None:
    size = data.draw(st.integers(1, 7))
    order = data.draw(st.permutations([*range(1, size + 1), *data.draw(st.lists(st.integers(1, size), max_size=4))]))
    values = opened(request.getfixturevalue(f"{chosen}_store"), buckets, f"run{time.monotonic_ns()}")
    # The poller of redis is not made to wait here: it looks once, and is repeated at the end, as a hand-on would.
    in_already: set[int] = set()
    completed = []

    limit(set_indexes=3)
    for index in [*order, size]:
        in_already.add(index)
        waited = values.fan_in(branch(index, size, ends_in=0.0))
        if waited is not None and waited.outcome is Outcome.COMPLETE:
            completed.append(set(in_already))

    assert completed
    assert all(seen == set(range(1, size + 1)) for seen in completed)


# dynamodb


def test_nobody_waits_and_the_write_that_completes_continues(
    make_cluster: MakeCluster, buckets: Buckets, dynamodb_store: InTable, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster = make_cluster("http_sync_s3", **dynamodb_store.settings)

    start(cluster, buckets, ["a", "b", "c", "d"])
    cluster.wait_idle()

    lines = parse_lines(capfd.readouterr().out)
    told = [line for line in lines if "wait" in line]
    assert buckets.result("run1") == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert [(line["function"], line["wait"], line["polls"]) for line in told] == [
        ("mapper", "COMPLETE", 0),
        ("reducer", "COMPLETE", 0),
    ]
    assert [function for function, _ in cluster.accepted].count("partition") == 1


def test_every_item_expires_and_a_returned_index_never_outgrows_an_item(
    make_cluster: MakeCluster, buckets: Buckets, dynamodb_store: InTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(set_indexes=2)
    cluster = make_cluster("http_sync_s3", **dynamodb_store.settings)

    start(cluster, buckets, list("abcde"))
    cluster.wait_idle()

    items = {item["Key"]["S"]: item for item in dynamodb_store.items()}
    blocks = {key: sorted(map(int, item["Finished"]["NS"])) for key, item in items.items() if "mapper/finished" in key}
    assert buckets.result("run1") == dict.fromkeys("abcde", 1)
    assert blocks == {
        "run1/mapper/finished/0": [1, 2],
        "run1/mapper/finished/1": [3, 4],
        "run1/mapper/finished/2": [5],
        "run1/mapper/finished": [0, 1, 2],
    }
    assert all(int(item["Expires"]["N"]) > time.time() + 6 * 24 * 3600 for item in items.values())


def test_branch_killed_between_the_two_sets_is_repaired_by_its_retry(
    make_cluster: MakeCluster, buckets: Buckets, dynamodb_store: InTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(set_indexes=2)
    call, killed = ports().dynamodb.call, []

    def once_killed(operation: str, table: str, key: str, **arguments: Any) -> Any:
        if key.endswith("/finished") and not killed:
            killed.append(key)
            raise Killed
        return call(operation, table, key, **arguments)

    monkeypatch.setattr(ports().dynamodb, "call", once_killed)
    cluster = make_cluster("http_sync_s3", **dynamodb_store.settings)

    start(cluster, buckets, list("abcd"))
    cluster.wait_idle()

    assert killed
    assert buckets.result("run1") == dict.fromkeys("abcd", 1)


@pytest.mark.parametrize("chosen", RETURN_STORES)
def test_run_whose_branch_failed_for_good_says_so_and_starts_no_later_stage(
    chosen: str,
    request: pytest.FixtureRequest,
    make_cluster: MakeCluster,
    buckets: Buckets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("functions.mapper.user_map.user_map", Flaky(99, ValueError("never")))
    cluster = make_cluster("http_sync_s3", **request.getfixturevalue(f"{chosen}_store").settings)

    start(cluster, buckets, ["a", "b"])
    cluster.wait_idle()

    assert buckets.failure("run1")["message"] == "never"
    assert "partition" not in [function for function, _ in cluster.accepted]


# redis


def test_every_key_of_a_run_expires_and_lies_in_one_slot(
    make_cluster: MakeCluster, buckets: Buckets, redis_store: InRedis
) -> None:
    cluster = make_cluster("http_sync_s3", **redis_store.settings)

    start(cluster, buckets, ["a b", "c d", "e"])
    cluster.wait_idle()

    keys = redis_store.everything()
    assert buckets.result("run1") == dict.fromkeys("abcde", 1)
    assert len(keys) >= 3 + 1 + 1 + 2 + 1
    assert all(key.startswith("wordcount-http_sync_s3-{run1}/") for key in keys)
    assert all(0 < redis_store.client.ttl(key) <= redis_module.EXPIRES_SECONDS for key in keys)


def test_wake_up_that_nobody_waits_for_expires(buckets: Buckets, redis_store: InRedis) -> None:
    values = opened(redis_store, buckets)
    values.fan_in(branch(2, 2, ends_in=0.0))

    values.fan_in(branch(1, 2))

    assert 0 < redis_store.client.ttl("wordcount-http_sync_s3-{run1}/mapper/wake") <= redis_module.EXPIRES_SECONDS


def test_blocking_read_ends_when_the_last_branch_returns(buckets: Buckets, redis_store: InRedis) -> None:
    values, ended = opened(redis_store, buckets), []
    waiter = threading.Thread(target=lambda: ended.append((values.fan_in(branch(3, 3)), time.perf_counter())))
    waiter.start()

    values.fan_in(branch(1, 3))
    time.sleep(0.3)
    assert not ended
    returned = time.perf_counter()
    assert values.fan_in(branch(2, 3)) is None
    waiter.join(30)

    ((waited, at),) = ended
    assert waited is not None
    assert waited.outcome is Outcome.COMPLETE
    assert at - returned < 0.5 < redis_module.SLICE_SECONDS


def test_two_that_wait_for_the_same_fan_in_both_end(buckets: Buckets, redis_store: InRedis) -> None:
    values, ended = opened(redis_store, buckets), []
    waiters = [threading.Thread(target=lambda: ended.append(values.fan_in(branch(2, 2)))) for _ in range(2)]
    for waiter in waiters:
        waiter.start()

    values.fan_in(branch(1, 2))
    for waiter in waiters:
        waiter.join(30)

    assert [waited.outcome for waited in ended if waited] == [Outcome.COMPLETE, Outcome.COMPLETE]


def test_connections_that_break_while_waiting_are_opened_again(buckets: Buckets, redis_store: InRedis) -> None:
    values, ended = opened(redis_store, buckets), []
    waiter = threading.Thread(target=lambda: ended.append(values.fan_in(branch(2, 2))))
    waiter.start()
    time.sleep(0.2)

    assert redis_store.client.client_kill_filter(_type="normal", skipme=True) >= 1
    values.fan_in(branch(1, 2))
    waiter.join(30)

    assert [waited.outcome for waited in ended if waited] == [Outcome.COMPLETE]


def test_tls_with_a_password_and_a_certificate_that_is_checked(tmp_path: Path, buckets: Buckets, redis_store: InRedis) -> None:
    with RedisServer(tmp_path, tls=True) as server, server.client() as client:
        secure = opened(InRedis(client, server.url, ""), buckets)
        untrusting = opened(InRedis(client, server.url.partition("?")[0], ""), buckets)

        assert secure.create_or_read("mapper", 1, "safe") == "safe"
        with pytest.raises(StorageError, match="certificate verify failed"):
            untrusting.find("mapper", 1)


def test_refused_password_is_told_without_any_password(redis_server: RedisServer, buckets: Buckets, redis_store: InRedis) -> None:
    wrong = redis_server.url.replace(PASSWORD, "open-sesame")

    with pytest.raises(StorageError) as caught:
        opened(InRedis(redis_store.client, wrong, ""), buckets).find("mapper", 1)

    assert "redis:GET on wordcount-http_sync_s3-{run1}/mapper/1 failed: AuthenticationError" in str(caught.value)
    assert "open-sesame" not in str(caught.value) + repr(RedisTarget(wrong))


def test_commands_are_counted_for_the_run(buckets: Buckets, redis_store: InRedis) -> None:
    values = opened(redis_store, buckets)

    with within(Run("run1")) as run:
        values.create_or_read("mapper", 1, 1)
        values.fan_in(branch(1, 1))
        values.values("mapper", 1)

    assert run.requests == {"redis.SET": 1, "redis.SADD": 1, "redis.MGET": 1}


def test_user_of_the_cache_may_do_all_that_the_store_does_and_touch_no_other_key(
    buckets: Buckets, redis_server: RedisServer, redis_store: InRedis
) -> None:
    module = (paths.TERRAFORM / "modules" / "http_sync_s3" / "redis" / "main.tf").read_text()
    (listed,) = re.findall(r"commands = \[(.*?)\]", module, re.DOTALL)
    rules = ["on", ">open-sesame", "~wordcount-http_sync_s3-*", "resetchannels", "-@all"]
    rules += ["+" + command for command in re.findall(r'"([^"]+)"', listed)]
    redis_store.client.execute_command("ACL", "SETUSER", "restricted", "reset", *rules)
    url = redis_server.url.replace(f":{PASSWORD}@", "restricted:open-sesame@")
    allowed = opened(InRedis(redis_store.client, url, ""), buckets)

    allowed.create_or_read("mapper", 1, "x")
    allowed.create_or_read("mapper", 2, "y")
    expired = replace(branch(2, 2), deadline=time.time() + 0.05)
    assert allowed.find("mapper", 1) is not None
    assert [waited.outcome for waited in (allowed.fan_in(expired),) if waited] == [Outcome.EXPIRED]
    assert allowed.fan_in(branch(1, 2)) is None
    assert [waited.outcome for waited in (allowed.fan_in(branch(2, 2)),) if waited] == [Outcome.COMPLETE]
    assert allowed.values("mapper", 2) == ["x", "y"]

    with Redis.from_url(url) as client:
        for forbidden in (lambda: client.get("wordcount-sfn-{run1}/mapper/1"), client.flushall, lambda: client.keys("*")):
            with pytest.raises(NoPermissionError):
                forbidden()
