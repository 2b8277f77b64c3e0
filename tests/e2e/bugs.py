"""A bug in a user's map that one word of one chunk of sixteen brings out; and how often which function was invoked."""

import json
import urllib.request
from collections import Counter
from contextlib import AbstractContextManager
from typing import Any

from tests.cloud import Cloud, log_lines
from tests.deployed_code import changed

_BROKEN = """
from runtime.mapreduce import emit


def user_map(text):
    for word in text.split():
        if word == "poison":
            raise ValueError("a word that this version can't stand")
        emit(word)
"""
TEXTS = [f"all chunk{n % 5} only{n}" + " poison" * (n == 5) for n in range(1, 17)]
COUNTS = Counter(word for text in TEXTS for word in text.split())


def broken_mapper(cloud: Cloud, orchestration: str) -> AbstractContextManager[None]:
    """The deployment while its mapper fails on chunk 5."""
    return changed(cloud, orchestration, "mapper", "functions/mapper/user_map.py", _BROKEN)


def mappers_run(cloud: Cloud, orchestration: str, run: str, since: float) -> set[int]:
    """Which mappers of a run have computed since then, seconds since the epoch: no duplicates, and none that was turned back."""
    lines = log_lines(cloud.deployment(orchestration), run)
    return {
        line["index"] for line in lines if line["function"] == "mapper" and "component_ms" in line and line["started"] > since
    }


def invoked(cloud: Cloud, orchestration: str) -> Counter[str]:
    """How often each function of the deployment has been invoked, by its short name."""
    with urllib.request.build_opener().open(f"{cloud.endpoint_url}/_embedded/requests", timeout=10) as response:
        counts: dict[str, Any] = json.load(response)["functions"]
    return Counter({role: counts.get(name, 0) for role, name in cloud.deployment(orchestration)["functions"].items()})
