"""What a run would cost at list prices, by item. The prices and where they come from stand in prices.json, beside this."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("prices.json")

PUT_LIST = ("s3.PutObject", "s3.CopyObject", "s3.PostObject", "s3.ListObjectsV2", "s3.ListObjects", "s3.ListBuckets")
FREE = ("s3.DeleteObject", "s3.DeleteObjects")
"""All other requests to S3 cost as much as a GET."""


@dataclass(frozen=True)
class Usage:
    """What a run used. `requests` are those of the functions and of the client together, by name, e.g. `s3.PutObject`."""

    requests: Mapping[str, int]
    invocations: int
    gb_seconds: float
    architecture: str
    transitions: int
    write_units: float
    read_units: float


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """`{"lambda_request": {"usd": 2e-07, "unit": "invocation", "source": ..., "date": ...}, ...}`."""
    items: Mapping[str, Mapping[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))["items"]
    return items


def architecture(build: Path) -> str:
    """The one that the zips in a build directory are made for, whose prices hold."""
    return str(json.loads((build / "manifest.json").read_text(encoding="utf-8"))["architecture"])


def cost(usage: Usage) -> dict[str, float]:
    """US dollars by item: `{"Lambda invocations": ..., ...}`, each item always there.

    Raises:
        ValueError: there is no price for the architecture.
    """
    duration = f"lambda_gb_s_{usage.architecture}"
    if duration not in table():
        raise ValueError(f"prices.json has no {duration}")
    return {
        "Lambda invocations": usage.invocations * _usd("lambda_request"),
        "Lambda GB-s": usage.gb_seconds * _usd(duration),
        **of_s3(usage.requests),
        "Step Functions": usage.transitions * _usd("states_transition"),
        "DynamoDB writes": usage.write_units * _usd("dynamodb_write_unit"),
        "DynamoDB reads": usage.read_units * _usd("dynamodb_read_unit"),
    }


def of_s3(requests: Mapping[str, int]) -> dict[str, float]:
    """US dollars for requests to S3, by kind."""
    dear = sum(requests.get(name, 0) for name in PUT_LIST)
    return {"S3 PUT, LIST": dear * _usd("s3_put_list"), "S3 GET, HEAD": gets(requests) * _usd("s3_get")}


def gets(requests: Mapping[str, int]) -> int:
    """How many are of the cheap kind."""
    return sum(number for name, number in requests.items() if name.startswith("s3.") and name not in PUT_LIST + FREE)


def _usd(item: str) -> float:
    return float(table()[item]["usd"])
