"""http_sync_s3 with each store of return values but the default, as a user has it: Terraform onto the embedded AWS with IAM
enforced, and the client. Says how long a fan-in takes: from the moment when the last branch has its value to the start of the
next function.

In a build directory of its own, so that it disturbs no other embedded AWS.
"""

import json
import statistics
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from runtime.orchestration.http_sync_s3.stores import RETURN_STORES
from tests.cloud import ROOT, client, free_port, log_lines, prepared, record, run_module
from tests.fakes.redis_server import RedisServer

BUILD = ROOT / "build" / "e2e-stores"
PREFIX = "stores"
STORES = [store for store in RETURN_STORES if store != "s3"]
"""Every other test runs with that one."""

RUNS = 3
HTTP_SYNC_S3 = ("--target", "embedded", "--orchestration", "http_sync_s3", "--prefix", PREFIX)
TEXTS = [f"all chunk{n % 3} only{n}" for n in range(6)]
COUNTS = Counter(word for text in TEXTS for word in text.split())


def succeed(module: str, *arguments: str, stdin: str = "") -> str:
    done = run_module(BUILD, module, *arguments, stdin=stdin)
    assert done.status == 0, done.out + done.err
    return done.out


def apply(*options: str) -> None:
    succeed("scripts.deploy", "apply", *HTTP_SYNC_S3, *options)


def variables(store: str, redis_url: str = "") -> list[str]:
    """The options that choose a store."""
    settings = [f"return_store={store}"] + ([f"redis_url={redis_url}"] if store == "redis" else [])
    return [word for setting in settings for word in ("--var", f"http_sync_s3.{setting}")]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An embedded AWS of this file's own; one store is deployed over the other, and all of it is destroyed at the end."""
    with prepared(BUILD, partial(apply, *variables(STORES[0])), "--port", str(free_port())) as endpoint:
        yield endpoint
        succeed("scripts.deploy", "destroy", *HTTP_SYNC_S3)


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


def hand_over_ms(lines: list[dict[str, Any]], branches: str, following: str) -> float:
    """From the moment when the last branch had its value (its component's end) to the start of the function that fans in."""
    ends = [line["started"] * 1000 + line["ingress_ms"] + line["component_ms"] for line in lines if line["function"] == branches]
    return min(line["started"] for line in lines if line["function"] == following) * 1000 - max(ends)


@pytest.mark.parametrize("store", STORES)
def test_runs_end_right_and_leave_nothing(store: str, endpoint: str, redis_server: RedisServer) -> None:
    options = variables(store, redis_server.url)
    apply("--unless-current", *options)
    measured: dict[str, list[float]] = {"mapper->partition": [], "reducer->summary": []}
    waiting: list[int] = []
    for number in range(RUNS):
        run = f"{store}{number}"
        told = succeed("scripts.client", *HTTP_SYNC_S3, "--run-id", run, "--json", "-", stdin=json.dumps(TEXTS))
        assert json.loads(told) == COUNTS
        lines = log_lines(record(BUILD, "http_sync_s3", PREFIX), run)
        measured["mapper->partition"].append(hand_over_ms(lines, "mapper", "partition"))
        measured["reducer->summary"].append(hand_over_ms(lines, "reducer", "summary"))
        waiting += [line["polls"] for line in lines if "wait" in line]

    print(f"\n{store}: ", end="")
    for name, times in measured.items():
        print(f"{name} {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f}), ", end="")
    print(f"looks of the branches that continued {waiting}")

    assert run_module(BUILD, "scripts.deploy", "plan", *HTTP_SYNC_S3, *options).status == 0, "a second plan is empty"
    assert left_behind(store, endpoint, redis_server) == []


def left_behind(store: str, endpoint: str, redis_server: RedisServer) -> list[str]:
    """What the runs left where return values lie, after the client's clean-up."""
    deployment = record(BUILD, "http_sync_s3", PREFIX)
    left = [
        item["Key"]
        for item in client("s3", endpoint).list_objects_v2(Bucket=deployment["buckets"]["returns"]).get("Contents", ())
    ]
    if store == "dynamodb":
        left += [
            item["Key"]["S"] for item in client("dynamodb", endpoint).scan(TableName=deployment["tables"]["returns"])["Items"]
        ]
    if store == "redis":
        with redis_server.client() as redis:
            left += [key.decode() for key in redis.scan_iter()]
    return left
