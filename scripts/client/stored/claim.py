"""Claiming a run id: whoever creates `{run}/run.json` in the results bucket owns the run.

    {"run": "20260102T030405678-9f86d081e2", "orchestration": "sfn", "chunks": 6, "num_reducer": 3 or null,
     "destination": "bucket/prefix" or null, "shuffle": "objects" or "packed", "keep": false,
     "output": null or "s3://bucket/prefix/",
     "started": "2026-01-02T03:04:05.678+00:00", "owner": random token, "redrives": 0,
     "deadline": seconds since the epoch, or null,
     "turn": null or {"by": random token, "to": "resume" or "clean", "since": "2026-01-02T03:05:06.789+00:00"}}

Written by the client, read by `--attach`; deleted after a successful run unless --keep. Where an execution is redriven, it is
written again, before, with how often that will then have happened: what is told late of an earlier end is known by that.

It also says whose turn it is to decide what becomes of a run that has ended; see `turns`. All changes are conditional writes
(`If-Match`), so that nobody overwrites what somebody else has written since.

`deadline` is by when the run must have ended, see `deadline`. Where nothing but our functions would notice that it hasn't, a
marker tells the keeper of it, see runtime.orchestration.ending.open_runs. The marker is written after the claim and removed
before it: there is none of a run that was never started or that is removed.
"""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from obstore.store import S3Store

from runtime.mapreduce.keys import Destination
from runtime.orchestration.ending import open_runs
from scripts.client.aws import objects
from scripts.client.errors import RunIdUsedError, StorageError

RUN = "run.json"
RESULT = "result.json"
FAILED = "failed.json"

_ATTEMPTS = 5


def now() -> str:
    """The time, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _token() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Turn:
    """Who decides what becomes of a run that has ended, and since when."""

    to: Literal["resume", "clean"]
    by: str = field(default_factory=_token)
    since: str = field(default_factory=now)


@dataclass(frozen=True)
class Claim:
    """The body of run.json."""

    run: str
    orchestration: str
    chunks: int
    num_reducer: int | None
    destination: str | None
    keep: bool = False
    started: str = field(default_factory=now)
    owner: str = field(default_factory=_token)
    redrives: int = 0
    turn: Turn | None = None
    deadline: int | None = None
    shuffle: str = "objects"
    output: str | None = None

    @classmethod
    def parse(cls, body: bytes | None) -> "Claim | None":
        """None if there is none, or if it is not one that this client could have written."""
        try:
            claim = cls(**json.loads(body or b""))
            if claim.turn is not None:
                claim = replace(claim, turn=Turn(**claim.turn))  # type: ignore[arg-type]
            if claim.destination is not None:
                Destination.parse(claim.destination, None)
        except (ValueError, TypeError):
            return None
        return claim if type(claim.chunks) is int and claim.chunks >= 0 and isinstance(claim.keep, bool) else None


def take(results: S3Store, claim: Claim) -> None:
    """Claim the run id; afterwards nobody else can.

    A claim that "already exists" may be this one, when the answer to a first try was lost: its owner tells. Whether the id
    was used is asked after claiming, so that no run can come and go in between.

    Raises:
        RunIdUsedError: it was used before. Nothing is left behind.
        StorageError: a request finally failed.
    """
    body = _body(claim)
    if objects.create_or_read(results, f"{claim.run}/{RUN}", body) != body:
        raise _used(results, claim.run, RUN)
    ended = {f"{claim.run}/{name}" for name in (RESULT, FAILED)} & set(objects.names(results, f"{claim.run}/"))
    if ended:
        release(results, claim.run)
        raise _used(results, claim.run, *(key.rpartition("/")[2] for key in sorted(ended)))


@dataclass(frozen=True)
class Held:
    """A claim as it was read, and the ETag by which a change since then is noticed."""

    claim: Claim
    e_tag: str


def hold(results: S3Store, run: str) -> Held | None:
    """Read the claim of a run; None if there is none, or none that this client could have written. Raises StorageError."""
    found = objects.read_tagged(results, f"{run}/{RUN}")
    claim = Claim.parse(found[0]) if found else None
    return Held(claim, found[1]) if found and claim else None


def swap(results: S3Store, held: Held, claim: Claim) -> bool:
    """Write a claim in the place of the one that was read; False if that one was changed or removed since. Raises StorageError.

    When the answer to a first try was lost, the second finds that the claim was changed: by itself.
    """
    key, body = f"{claim.run}/{RUN}", _body(claim)
    return objects.replace(results, key, body, held.e_tag) or objects.read(results, key) == body


def change(results: S3Store, run: str, how: Callable[[Claim], Claim | None]) -> None:
    """Change the claim, if there is one, as it is now: `how` is asked again whenever somebody else was faster.

    `how` may say None, which leaves the claim as it is. Raises StorageError.
    """
    for attempt in range(_ATTEMPTS):
        held = hold(results, run)
        changed = how(held.claim) if held else None
        if held is None or changed is None or swap(results, held, changed):
            return
        time.sleep(0.1 * attempt)
    raise StorageError("s3:PutObject", objects.bucket_of(results), f"{run}/{RUN}", "others change it all the time")


def mark(results: S3Store, run: str, deadline: int) -> None:
    """Tell the keeper of the run. Raises StorageError."""
    objects.write(results, open_runs.marker(run, deadline), b"")


def unmark(results: S3Store, run: str) -> None:
    """Nobody needs to look after the run any more, for it is about to be removed. Raises StorageError.

    A run that has failed or was cancelled keeps its markers, for somebody may just resume it. A sweep forgets it in time.
    """
    for key in objects.names(results, open_runs.folder(run)):
        objects.remove(results, key)


def _body(claim: Claim) -> bytes:
    return json.dumps(asdict(claim), indent=1).encode()


def release(results: S3Store, run: str) -> None:
    """Give a claim back, or tidy up that of a successful run."""
    objects.remove(results, f"{run}/{RUN}")


def _used(results: S3Store, run: str, *found: str) -> RunIdUsedError:
    there = " and ".join(f"s3://{objects.bucket_of(results)}/{run}/{name}" for name in found)
    return RunIdUsedError(f"run id {run} was used before ({there}); choose another --run-id, or see that run with --attach {run}")


def record_failure(results: S3Store, run: str, body: bytes) -> bool:
    """Write failed.json if there is none; False if there is a result, beside which no failure may lie. Raises StorageError."""
    key, result = f"{run}/{FAILED}", f"{run}/{RESULT}"
    if objects.exists(results, result):
        return False
    recorded = objects.create(results, key, body)
    if recorded and objects.exists(results, result):
        objects.remove(results, key)
        return False
    return True
