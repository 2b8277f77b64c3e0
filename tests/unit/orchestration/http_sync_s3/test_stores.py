"""Return-value stores: which one is opened, what a cold start imports for it, and how a Redis is waited for and signed in to."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.orchestration.http_sync_s3 import stores
from runtime.orchestration.http_sync_s3.fan_in import Branch, Outcome, Waited
from runtime.orchestration.http_sync_s3.stores import RETURN_STORES
from runtime.orchestration.http_sync_s3.stores.redis import SLICE_SECONDS, RedisStore
from runtime.orchestration.http_sync_s3.stores.redis_connection import RoleCredentials, connect
from runtime.orchestration.settings import RedisTarget, Settings
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.workflow.envelope import Directory, EnvelopeError, parse_datum
from scripts import paths
from tests.fakes.clock import FakeTime

ENVIRONMENT = {
    "ORCHESTRATION": "http_sync_s3",
    "FUNCTION": "mapper",
    "FUNCTION_PREFIX": "p-",
    "BUCKETS": '{"results": "results"}',
}


def settings(**environment: str) -> Settings:
    return Settings.load(ENVIRONMENT | environment)


def test_s3_is_the_default() -> None:
    assert stores.load(settings())("run1").source == "s3"


@pytest.mark.parametrize("name", RETURN_STORES)
def test_environment_chooses_the_store(name: str) -> None:
    chosen = settings(RETURN_STORE=name, TABLES='{"returns": "p-returns"}', REDIS_URL="redis://127.0.0.1:1")

    assert stores.load(chosen)("run1").source == name


def test_unknown_store_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="RETURN_STORE is 'memcached'; it must be one of: s3, dynamodb, redis"):
        stores.load(settings(RETURN_STORE="memcached"))


def test_redis_without_an_address_says_what_to_set() -> None:
    with pytest.raises(ValueError, match="neither REDIS_URL nor REDIS_HOST"):
        stores.load(settings(RETURN_STORE="redis"))("run1")


def test_password_is_not_shown_with_the_settings() -> None:
    assert "secret" not in repr(settings(REDIS_URL="redis://:secret@127.0.0.1:6379"))


@pytest.mark.parametrize("chosen", RETURN_STORES)
def test_cold_start_imports_the_chosen_store_alone(chosen: str) -> None:
    program = f"""
import json, sys
from runtime.orchestration import wrapper
from runtime.orchestration.workflow.place import Place
from runtime.orchestration.settings import Settings
place = Place("mapper", "branch", "mapper-input", "partition", "Fan-in", "mapper-output")
wrapper.build(Settings("http_sync_s3", "mapper", "p-", "returns", "results", 60, place, return_store={chosen!r}), None)
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=paths.ROOT, capture_output=True, text=True, check=True, timeout=60)

    modules = set(json.loads(done.stdout))
    imported = {name for name in RETURN_STORES if f"runtime.orchestration.http_sync_s3.stores.{name}" in modules}
    assert imported == {chosen}
    assert ("redis" in modules) == (chosen == "redis")
    assert not modules & {"boto3", "botocore"}


@pytest.mark.parametrize("source", RETURN_STORES)
def test_pointer_to_a_fan_out_names_its_store(source: str) -> None:
    assert parse_datum(Directory("mapper", 6, source).json()) == Directory("mapper", 6, source)


def test_pointer_into_an_unknown_store_is_refused() -> None:
    with pytest.raises(EnvelopeError):
        parse_datum(Directory("mapper", 6, "elsewhere").json())


class FakeRedis:
    """Sets and lists; a blocking read lets `time` pass, and lets `others` happen: `(seconds, what)` from its making on."""

    def __init__(self, time: FakeTime, others: list[tuple[float, Callable[["FakeRedis"], None]]] | None = None) -> None:
        self.time, self.began, self.others = time, time.seconds, list(others or [])
        self.finished: set[int] = set()
        self.wakes = 0
        self.pauses: list[float] = []

    def pipeline(self, transaction: bool) -> "FakeRedis":
        assert transaction
        return self

    def sadd(self, key: str, index: int) -> "FakeRedis":
        self.finished.add(index)
        return self

    def rpush(self, key: str, element: int) -> "FakeRedis":
        self.wakes += 1
        return self

    def expire(self, key: str, seconds: int) -> "FakeRedis":
        return self

    def scard(self, key: str) -> Any:
        self._answer = len(self.finished)
        return _Number(self, self._answer)

    def execute(self) -> list[int]:
        return [0, 0, len(self.finished)]

    def smembers(self, key: str) -> set[bytes]:
        return {str(index).encode() for index in self.finished}

    def blpop(self, keys: list[str], timeout: float) -> Any:
        assert timeout > 0, "0 blocks for ever"
        self.pauses.append(timeout)
        ends = self.time.seconds + timeout
        while not self.wakes and self.others and self.began + self.others[0][0] <= ends:
            at, happens = self.others.pop(0)
            self.time.seconds = self.began + at
            happens(self)
        if self.wakes:
            self.wakes -= 1
            return (keys[0], b"1")
        self.time.seconds = ends
        return None


class _Number(int):
    """A pipeline's answer that can be chained, and a plain client's that is a number."""

    def __new__(cls, redis: FakeRedis, value: int) -> "_Number":
        made = super().__new__(cls, value)
        made.execute = redis.execute  # type: ignore[attr-defined]
        return made


def waited(
    redis: FakeRedis, index: int = 3, size: int = 3, ends_in: float = 900.0, expires_in: float = 3600.0, ended: bool = False
) -> Waited | None:
    now = redis.time.seconds
    branch = Branch("mapper", index, size, now + expires_in, now + ends_in, lambda: ended, redis.time)
    return RedisStore(redis, "p-", "run1", Returns("returns", "run1")).fan_in(branch)


def returns(*indexes: int, wake: bool = False) -> Callable[[FakeRedis], None]:
    def happens(redis: FakeRedis) -> None:
        redis.finished |= set(indexes)
        redis.wakes += wake

    return happens


def test_branch_that_completes_the_set_wakes_up_the_one_that_waits() -> None:
    redis = FakeRedis(FakeTime())
    redis.finished = {2, 3}

    assert waited(redis, index=1) is None
    assert redis.wakes == 1


def test_branch_that_leaves_the_set_incomplete_wakes_up_nobody() -> None:
    redis = FakeRedis(FakeTime())
    redis.finished = {3}

    assert waited(redis, index=1) is None
    assert redis.wakes == 0


def test_last_branch_of_a_complete_set_reads_nothing() -> None:
    redis = FakeRedis(FakeTime())
    redis.finished = {1, 2}

    assert waited(redis) == Waited(Outcome.COMPLETE, frozenset(), 1)
    assert redis.pauses == []


def test_wake_up_ends_the_wait_at_once() -> None:
    redis = FakeRedis(FakeTime(), [(0.3, returns(1)), (0.7, returns(2, wake=True))])

    assert waited(redis) == Waited(Outcome.COMPLETE, frozenset(), 2)
    assert redis.time.seconds - redis.began == pytest.approx(0.7)


def test_lost_wake_up_costs_a_slice_at_most() -> None:
    redis = FakeRedis(FakeTime(), [(0.7, returns(1, 2))])

    assert waited(redis) is not None
    assert redis.time.seconds - redis.began <= SLICE_SECONDS <= 3


def test_wake_up_too_many_is_no_proof() -> None:
    redis = FakeRedis(FakeTime(), [(0.1, returns(wake=True)), (0.2, returns(1, wake=True)), (0.9, returns(2, wake=True))])

    assert waited(redis) == Waited(Outcome.COMPLETE, frozenset(), 4)
    assert redis.time.seconds - redis.began == pytest.approx(0.9)


def test_failed_run_is_not_waited_for() -> None:
    redis = FakeRedis(FakeTime())

    assert waited(redis, ended=True) == Waited(Outcome.ENDED, frozenset(), 2)
    assert redis.time.seconds - redis.began <= SLICE_SECONDS


def test_expired_fan_in_names_what_is_missing() -> None:
    redis = FakeRedis(FakeTime())
    redis.finished = {2}

    result = waited(redis, size=3, expires_in=10)

    assert (result.outcome, result.missing) == (Outcome.EXPIRED, {1})  # type: ignore[union-attr]
    assert redis.time.seconds - redis.began == pytest.approx(10)


@given(st.floats(0, 60), st.floats(0, 60))
def test_wait_ends_by_the_earlier_of_both_times_in_short_slices(ends_in: float, expires_in: float) -> None:
    redis = FakeRedis(FakeTime())

    result = waited(redis, ends_in=ends_in, expires_in=expires_in)

    assert result is not None
    assert result.outcome in (Outcome.EXPIRED, Outcome.OUT_OF_TIME)
    assert redis.time.seconds - redis.began <= min(ends_in, expires_in) + 0.011
    assert max(redis.pauses, default=0) <= SLICE_SECONDS


def test_elasticache_gets_a_signed_request_of_the_role_for_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "AKEY"), ("AWS_SECRET_ACCESS_KEY", "skey"), ("AWS_SESSION_TOKEN", "stoken")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    user, password = RoleCredentials("p-user", "p-cache").get_credentials()

    parts = urlsplit("//" + password)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (user, parts.netloc, parts.path) == ("p-user", "p-cache", "/")
    assert asked.pop("X-Amz-Date")
    assert len(asked.pop("X-Amz-Signature")) == 64
    scope = asked.pop("X-Amz-Credential").split("/")
    assert (scope[0], scope[2:]) == ("AKEY", ["eu-west-1", "elasticache", "aws4_request"])
    assert asked == {
        "Action": "connect",
        "User": "p-user",
        "ResourceType": "ServerlessCache",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Expires": "900",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Security-Token": "stoken",
    }


def test_elasticache_is_spoken_to_over_tls_and_its_certificate_is_checked() -> None:
    pool = connect(RedisTarget(host="cache.example", user="u", cache="c")).connection_pool

    connection = pool.connection_class(**pool.connection_kwargs)
    assert (connection.host, connection.port, connection.socket_keepalive) == ("cache.example", 6379, True)
    assert type(connection).__name__ == "SSLConnection"
    assert (connection.cert_reqs.name, connection.check_hostname) == ("CERT_REQUIRED", True)
    assert isinstance(connection.credential_provider, RoleCredentials)
