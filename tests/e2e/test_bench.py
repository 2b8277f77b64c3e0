"""`make bench` on one orchestration and a tiny text: it ends well, its numbers are there, and nothing of it is left."""

import json
from typing import Any

import pytest

from tests.cloud import Cloud, Done
from tests.e2e.conftest import BUILD, run_module


@pytest.fixture(scope="session")
def benched(cloud: Cloud) -> Done:
    """One bench, on the embedded AWS that runs already."""
    chosen = ("--sizes", "0.005", "--orchestration", "sfn", "--runs", "1", "--branches", "3")
    return run_module("scripts.bench", *chosen, timeout=600)


@pytest.fixture(scope="session")
def told(benched: Done) -> dict[str, Any]:
    """What bench.json says."""
    assert benched.status == 0, benched.out + benched.err
    return dict(json.loads((BUILD / "bench" / "bench.json").read_text(encoding="utf-8")))


@pytest.mark.timeout(600)
def test_all_contenders_counted_right(told: dict[str, Any]) -> None:
    assert told["failures"] == []
    measured = [(each["contender"], each["orchestration"]) for each in told["series"] if each["seconds"]]
    assert set(measured) == {
        ("packed", "sfn"),
        ("objects", "sfn"),
        ("bare S3 client", None),
        ("serial uploads (scaled)", None),
        ("one process, Counter", None),
    }


def test_requests_and_memory_of_each_layout_are_known(told: dict[str, Any]) -> None:
    packed, objects = (next(each for each in told["series"] if each["contender"] == name) for name in ("packed", "objects"))

    assert objects["cost"]["s3_requests"]["s3.PutObject"] > objects["words"]
    assert sum(packed["cost"]["s3_requests"].values()) < 30
    assert objects["cost"]["s3_usd"] > 10 * packed["cost"]["s3_usd"] > 0
    assert {"mapper", "partition", "reducer", "summary"} <= packed["peak_mb"].keys()


def test_single_parts_are_measured(told: dict[str, Any]) -> None:
    assert {each["way"] for each in told["fan_outs"] if each["branches"] == 3 and each["seconds"]} == {"sfn", "bare invoke"}
    assert told["cold_starts"].keys() == {"mapper", "partition", "reducer", "summary"}
    assert told["emit_microseconds"].keys() == {"emit", "emit_all"}


def test_nothing_is_left_of_it(benched: Done, cloud: Cloud) -> None:
    assert [path.name for path in (BUILD / "embedded" / "deployments").glob("bench*")] == []
    assert [path.name for path in (BUILD / "bench").iterdir() if path.name.startswith(".")] == []
    assert "will go on running" in benched.err


def test_page_and_table_are_there(told: dict[str, Any], benched: Done) -> None:
    assert "<svg" in (BUILD / "bench" / "bench.html").read_text(encoding="utf-8")
    assert "import to first line, fresh process" in benched.out
