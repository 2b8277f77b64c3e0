"""Chunks of ranges of objects, in every orchestration: the mappers read them in S3."""

import gzip
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from runtime.mapreduce.ranged.opening import Form
from scripts.client.input.ranges import Listed, ranges
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.books import book
from tests.fakes.deployments import Deployment

pytestmark = pytest.mark.parametrize("name", [*ORCHESTRATIONS, "sfn DISTRIBUTED"])

TEXTS = {"logs/a b#1%20é.txt": book(60), "logs/b.gz": book(30, seed=2), "logs/c": book(3, seed=3)}


@pytest.fixture
def listed(clients: dict[str, Any], aws_environment: None) -> list[Listed]:
    s3 = clients["s3"]
    s3.create_bucket(Bucket="ranges-of-tests")
    found = []
    for key, text in TEXTS.items():
        body = gzip.compress(text.encode()) if key.endswith(".gz") else text.encode()
        etag = s3.put_object(Bucket="ranges-of-tests", Key=key, Body=body)["ETag"]
        found.append(Listed(f"s3://ranges-of-tests/{key}", etag, len(body)))
    return found


def start(deployment: Deployment, listed: list[Listed]) -> int:
    """Start a run of ranges of a hundred bytes; how many chunks it has."""
    chunks = [
        content | {"destination": deployment.buckets.shuffle, "shuffle": "packed"} for content in ranges(listed, 100, Form())
    ]
    deployment.start("run1", chunks)
    deployment.wait()
    return len(chunks)


def test_words_of_all_ranges_are_counted_once(name: str, deploy: Callable[[str], Deployment], listed: list[Listed]) -> None:
    deployment = deploy(name)

    chunks = start(deployment, listed)

    assert chunks > 3
    assert deployment.buckets.result("run1") == Counter(word for text in TEXTS.values() for word in text.split())


def test_object_that_changed_fails_the_run_and_is_named(
    name: str, deploy: Callable[[str], Deployment], listed: list[Listed], clients: dict[str, Any]
) -> None:
    deployment = deploy(name)
    clients["s3"].put_object(Bucket="ranges-of-tests", Key="logs/c", Body=b"something else")

    start(deployment, listed)

    assert deployment.buckets.result("run1") is None
    failed = deployment.buckets.failure("run1")
    assert (failed["function"], failed["error"]) == ("mapper", "InputError")
    assert "s3://ranges-of-tests/logs/c has changed since the run was started" in failed["message"]
