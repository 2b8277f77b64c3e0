"""What the store of return values says to Redis, command by command, and how its connections give up."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.aws.errors import StorageError
from runtime.orchestration.http_sync_s3.fan_in import Branch, Outcome, Waited
from runtime.orchestration.http_sync_s3.stores.redis import SLICE_SECONDS, RedisStore
from runtime.orchestration.http_sync_s3.stores.redis_connection import connect
from runtime.orchestration.settings import RedisTarget
from runtime.orchestration.values.returns import Returns
from runtime.run import Run, within
from tests.fakes.clock import FakeTime


@pytest.mark.parametrize(
    "target", [RedisTarget(url="redis://localhost:7/1"), RedisTarget(host="cache.example", user="u", cache="c")]
)
def test_every_connection_gives_up_in_time_and_repeats_commands(target: RedisTarget) -> None:
    pool = connect(target).connection_pool

    connection = pool.connection_class(**pool.connection_kwargs)
    assert (connection.socket_connect_timeout, connection.socket_timeout, connection.socket_keepalive) == (5.0, 10.0, True)
    assert connection.socket_timeout > SLICE_SECONDS
    assert (int(connection.protocol), connection.retry.get_retries()) == (2, 6)
    assert {error.__name__ for error in connection.retry_on_error} == {"ConnectionError", "TimeoutError", "BusyLoadingError"}


class Commands:
    """A client of Redis that notes its commands, and gives one answer after the other."""

    def __init__(self, *answers: Any) -> None:
        self.made: list[Any] = []
        self._answers = list(answers)

    def pipeline(self, transaction: bool) -> "Commands":
        self.made.append(("pipeline", transaction))
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def command(*given: Any, **options: Any) -> Any:
            self.made.append((name, *given, *sorted(options.items())))
            return self._answers.pop(0) if self._answers else self

        return command


class Waiting(Commands):
    """One whose blocking reads let time pass, and whose pipelines answer as a whole."""

    def __init__(self, clock: FakeTime, *answers: Any) -> None:
        super().__init__()
        self._clock, self._left, self._piped = clock, list(answers), False

    def pipeline(self, transaction: bool) -> "Waiting":
        self._piped = True
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def command(*given: Any, **options: Any) -> Any:
            self.made.append((name, *given))
            self._clock.seconds += options.get("timeout", 0)
            self._piped = self._piped and name != "execute"
            return self if self._piped else self._left.pop(0)

        return command


RUN = "p-{run1}/"
TWO_DAYS = 2 * 24 * 3600
SAID: dict[str, tuple[Callable[[RedisStore], Any], list[Any], Any, list[Any], dict[str, int]]] = {
    "first to return": (
        lambda store: store.create_or_read("square", 3, {"é": 9}),
        [None],
        {"é": 9},
        [("set", f"{RUN}square/3", '{"Value":{"é":9}}'.encode(), ("ex", TWO_DAYS), ("get", True), ("nx", True))],
        {"redis.SET": 1},
    ),
    "second to return": (lambda store: store.create_or_read("square", 3, 9), [b'{"Value": 8}'], 8, [], {"redis.SET": 1}),
    "found": (
        lambda store: vars(store.find("square", 3))["value"],
        [b'{"Value": 8}'],
        8,
        [("get", f"{RUN}square/3")],
        {"redis.GET": 1},
    ),
    "not found": (lambda store: store.find("square", 3), [None], None, [], {"redis.GET": 1}),
    "read in batches": (
        lambda store: store.values("square", 101),
        [[b'{"Value": 8}'] * 100, [b'{"Value": 9}']],
        [8] * 100 + [9],
        [("mget", [f"{RUN}square/{index}" for index in range(1, 101)]), ("mget", [f"{RUN}square/101"])],
        {"redis.MGET": 2},
    ),
    "completes the set": (
        lambda store: store.fan_in(Branch("square", 1, 2, 2e9, 2e9, lambda: False, FakeTime())),
        [],
        None,
        [
            ("pipeline", True),
            ("sadd", f"{RUN}square/finished", 1),
            ("expire", f"{RUN}square/finished", TWO_DAYS),
            ("scard", f"{RUN}square/finished"),
            ("execute",),
            ("pipeline", True),
            ("rpush", f"{RUN}square/wake", 1),
            ("expire", f"{RUN}square/wake", TWO_DAYS),
            ("execute",),
        ],
        {"redis.SADD": 1, "redis.RPUSH": 1},
    ),
}


@pytest.mark.parametrize(("call", "answers", "returned", "made", "requests"), SAID.values(), ids=SAID)
def test_store_says_to_redis(
    call: Callable[[RedisStore], Any], answers: list[Any], returned: Any, made: list[Any], requests: dict[str, int]
) -> None:
    client = Commands(*answers)
    if not answers:
        client.execute = lambda: client.made.append(("execute",)) or [0, 0, 2]  # type: ignore[attr-defined]

    with within(Run("run1")) as run:
        assert call(RedisStore(client, "p-", "run1", Returns("returns", "run1"))) == returned

    assert not made or client.made == made
    assert run.requests == requests


def test_key_that_is_gone_is_named() -> None:
    client = Commands([b'{"Value": 8}', None])

    with pytest.raises(StorageError, match=r"redis:MGET on p-\{run1\}/square/2 failed: no such value in this run"):
        RedisStore(client, "p-", "run1", Returns("returns", "run1")).values("square", 2)


@pytest.mark.parametrize(
    ("seconds", "answers", "outcome", "commands"),
    [
        (900, [[0, 0, 1], None, 2], Waited(Outcome.COMPLETE, frozenset(), 2), ["BLPOP", "SCARD"]),
        (1, [[0, 0, 1], None, 1, {b"2"}], Waited(Outcome.EXPIRED, frozenset({1}), 2), ["BLPOP", "SCARD", "SMEMBERS"]),
    ],
)
def test_branch_that_waits_asks_the_runs_own_keys(
    seconds: float, answers: list[Any], outcome: Waited, commands: list[str]
) -> None:
    clock = FakeTime(100.0)
    client = Waiting(clock, *answers)
    store = RedisStore(client, "p-", "run1", Returns("returns", "run1"))

    with within(Run("run1")) as run:
        assert store.fan_in(Branch("square", 2, 2, 100.0 + seconds, 1000.0, lambda: False, clock)) == outcome

    keys = {"BLPOP": [f"{RUN}square/wake"], "SCARD": f"{RUN}square/finished", "SMEMBERS": f"{RUN}square/finished"}
    asked = [made[:2] for made in client.made if made[0].upper() in commands][1:]
    assert asked == [(command.lower(), keys[command]) for command in commands]
    assert dict(run.requests) == {f"redis.{command}": 1 for command in ("SADD", *commands)}
