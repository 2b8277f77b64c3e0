"""Runs of http_only, and what a test looks at after them."""

from collections import Counter
from typing import Any

import pytest

from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster
from tests.fakes.deployments import CalledFunctions

TEXTS = ["to be or not to be", "that is", "to be or not to be", "the question"]
COUNTS = Counter(word for text in TEXTS for word in text.split())
Capsys = pytest.CaptureFixture[str]


def run(deployment: CalledFunctions, texts: list[str], name: str = "run1") -> Any:
    """What unum_map answered."""
    deployment.start(name, chunks_of(deployment.buckets, texts))
    deployment.wait()
    return deployment.answers[name]


def chunks_of(buckets: Buckets, texts: list[str]) -> list[dict[str, str]]:
    return [{"text": text, "destination": buckets.shuffle} for text in texts]


def names(buckets: Buckets, name: str) -> list[str]:
    """Where a run has stored something; a pair's last segment differs between runs."""
    keys = (key.removeprefix(f"{name}/") for key in buckets.everything() if key.startswith(f"{name}/"))
    return sorted(key.rpartition("/")[0] if key.startswith("reducer") else key for key in keys)


def calls(cluster: Cluster) -> Counter[str]:
    return Counter(function for function, _ in cluster.called)


def envelope(value: Any, **more: Any) -> dict[str, Any]:
    return {"Session": "run1", "Data": {"Source": "http", "Value": value}, **more}


def data_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    return event["Data"] if isinstance(event["Data"], list) else [event["Data"]]
