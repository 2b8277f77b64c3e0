"""Runs of http_sync_s3, and what a test looks at after them."""

from collections import Counter
from typing import Any

import pytest

from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster
from tests.fakes.log_lines import parse_lines
from tests.fakes.return_stores import StoreUnderTest

TEXTS = ["to be or not to be", "that is", "to be or not to be"]
COUNTS = Counter(word for text in TEXTS for word in text.split())
WITH_A_POLLER = pytest.mark.parametrize("store", ["s3", "redis"], indirect=True)
"""Of the stores: those where one branch waits for the others."""


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


def values(store: StoreUnderTest) -> list[str]:
    """All that a store holds, but for wake-ups: those tell nothing for sure."""
    return [key for key in store.everything() if not key.endswith("/wake")]


def waiting(cluster: Cluster) -> list[dict[str, Any]]:
    return [event["Waiting"] for function, event in list(cluster.accepted) if function == "mapper" and "Waiting" in event]
