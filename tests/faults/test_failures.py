"""A function that fails each time: the run ends as failed, says which function and why, and the client exits with 1."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.deployed_code import changed
from tests.faults.conftest import Site
from tests.faults.runs import Outcome, ends_of, failure_of, in_all, started

USER_MAP = """
import os
import signal
import time

from runtime.mapreduce import emit


def user_map(text):
    if "question" in text:
        {poison}
    for word in text.split():
        emit(word)
"""
POISONED = 2
"""Index of the chunk with that word."""

ATTEMPTS = 3


@dataclass(frozen=True)
class Poison:
    """What user_map does with one chunk, and what the record must say of it.

    Attributes:
        says: parts of the record's error type or message, any of them: Lambda tells more than what counts attempts can know.
        frame: part of the record's traceback; empty where a process died without one.
        timeout: of each attempt, in seconds.
    """

    statement: str
    says: tuple[str, ...]
    frame: str = ""
    timeout: int = 300


POISONS = {
    "raises": Poison('raise ValueError("a poisoned chunk")', ("ValueError: a poisoned chunk",), frame="user_map.py"),
    "raises what holds no text": Poison(
        'raise ValueError("half " + chr(0xD83D) + "x" * 600_000)', ("ValueError: half \\ud83dxxx",), frame="user_map.py"
    ),
    "calls exit": Poison("raise SystemExit(3)", ("SystemExit: the code called sys.exit(3)",), frame="user_map.py"),
    "ends its process": Poison("os._exit(3)", ("exit status 3", "FunctionKilled")),
    "is killed": Poison("os.kill(os.getpid(), signal.SIGKILL)", ("Runtime.ExitError", "FunctionKilled")),
    "times out": Poison("time.sleep(3600)", ("imed out", "imedout", "FunctionKilled"), timeout=6),
}


def failed_run(site: Site, orchestration: str, name: str, poison: Poison) -> Outcome:
    cloud, run = site.cloud, f"{name.replace(' ', '-')}-{orchestration}"
    path, text = "functions/mapper/user_map.py", USER_MAP.format(poison=poison.statement)
    with (
        changed(cloud, orchestration, "mapper", path, text, timeout=poison.timeout),
        started(cloud.build, orchestration, "--run-id", run, "--json", "-") as client,
    ):
        done = client.end()
    record = failure_of(cloud, orchestration, run)

    assert done.status == 1, done.out + done.err
    assert "mapper, index 2" in done.err
    assert ends_of(cloud, orchestration, run) == [f"{run}/failed.json"]
    assert (record["run"], record["function"], record["index"]) == (run, "mapper", POISONED)
    assert record["log_group"] == cloud.deployment(orchestration)["log_groups"]["mapper"]
    # Where no word of the function is left, Lambda names the request only in its text to the caller.
    assert record["request_id"] or (orchestration in ("sfn", "http_only") and not poison.frame)
    assert record["attempts"] == ATTEMPTS
    told = f"{record['error']}: {record['message']}"
    assert any(words in told for words in poison.says), told
    assert poison.frame in "".join(record["traceback"][-1:])
    attempts = ATTEMPTS * poison.timeout if name == "times out" else 0
    assert client.seconds < attempts + site.limit(orchestration), orchestration
    return Outcome(orchestration, f"mapper {name} each time", ATTEMPTS, f"failed: {record['error']}", client.seconds)


@pytest.mark.parametrize("name", POISONS)
def test_failure_is_recorded_with_its_cause_and_ends_the_client(
    site: Site, note: Callable[[list[Outcome]], None], name: str
) -> None:
    note(in_all(lambda orchestration: failed_run(site, orchestration, name, POISONS[name])))
