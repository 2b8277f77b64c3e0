"""Runs of s3_triggers, and what a test looks at after them."""

from collections import Counter

import pytest

from tests.fakes.bucketful import Buckets
from tests.fakes.deployments import TriggeredByObjects

TEXTS = ["to be or not to be", "that is", "to be or not to be", "the question"]
COUNTS = Counter(word for text in TEXTS for word in text.split())
ONE_EACH = {"partition": 1, "summary": 1}
Capsys = pytest.CaptureFixture[str]


def run(deployment: TriggeredByObjects, texts: list[str], name: str = "run1") -> None:
    deployment.start(name, [{"text": text, "destination": deployment.buckets.shuffle} for text in texts])
    deployment.wait()


def names(buckets: Buckets, name: str) -> list[str]:
    """Where a run has stored something; a pair's last segment differs between runs."""
    keys = (key.removeprefix(f"{name}/") for key in buckets.everything() if key.startswith(f"{name}/"))
    return sorted(key.rpartition("/")[0] if key.startswith("reducer") else key for key in keys)
