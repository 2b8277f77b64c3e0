"""s3_triggers: the client writes the chunks into the bucket that triggers the mappers, see runtime.orchestration.s3_triggers.

    input:          {run}/.unum_map   {"Size": 6, "Marked": true}   first, for a mapper may begin with the first chunk
                    {run}/3.json      chunk
    mapper-output:  {run}/.sync       {"Size": 0}       without chunks: what the last of no mappers would write
                    {run}/0.json      null

Each is written only if absent. Values are objects `{run}/{index}.json`, so their names tell the progress.

To resume a run, what it lacks is set off again: an object that is overwritten by the same bytes is an event like any other. That
is done to the input of branches that have not returned; and when all have, to the last value, once the lock is gone that whoever
failed to join them may hold.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from runtime.encoding import encode
from runtime.orchestration.s3_triggers.stage import NOTHING, parse_key, value_name
from runtime.orchestration.workflow.envelope import EnvelopeError
from scripts.client.aws import objects
from scripts.client.aws.clients import Role
from scripts.client.aws.concurrency import at_once
from scripts.client.errors import UsageError
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress, encoded
from scripts.client.stored import checked

_FAN_OUT = ".unum_map"
_FAN_IN = ".sync"
_LOCK = ".lock"
_THREADS = 8


class S3Triggers(Orchestration):
    """A run of Lambdas that objects set off."""

    service = None
    buckets = ("mapper-input", "mapper-output", "reducer-input", "reducer-output")
    starts_piecemeal = True

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._reducers: int | None = None

    def start(self, chunks: Sequence[Chunk], *, attended: bool) -> None:
        """Write the fan-out's size, then its values."""
        if not chunks:
            returned = self.aws.store("mapper-output")
            objects.ensure(returned, self._key(_FAN_IN), encode({"Size": 0}))
            objects.ensure(returned, self._key(value_name(NOTHING)), encode(None))
            return
        bucket = self.aws.store("mapper-input")
        objects.ensure(bucket, self._key(_FAN_OUT), _bookkeeping(len(chunks)))

        def write(i: int) -> None:
            objects.ensure(bucket, self._key(value_name(i + 1)), encoded(chunks[i]))

        at_once([partial(write, i) for i in range(len(chunks))], _THREADS)

    def progress(self, mappers: int | None) -> Progress:
        """Count values."""
        mapped = self._count("mapper-output")
        if mappers is None or mapped < mappers:
            return Progress(mapped)
        if self._reducers is None:
            fan_out = objects.read(self.aws.store("reducer-input", patient=False), self._key(_FAN_OUT))
            if fan_out is None:
                return Progress(mapped)
            self._reducers = int(json.loads(fan_out)["Size"])
        return Progress(mapped, self._count("reducer-output"), self._reducers)

    def _count(self, role: Role) -> int:
        return len(_indexes(objects.names(self.aws.store(role, patient=False), f"{self.run_id}/")))

    def resume(self, mappers: int, *, attended: bool) -> list[str]:
        """Set off what the fan-out lacks that the run stands in."""
        fan_out = objects.read(self.aws.store("reducer-input"), self._key(_FAN_OUT))
        if fan_out is None:
            return self._resume_mappers(mappers)
        return self._resume_reducers(_values(fan_out))

    def _resume_mappers(self, mappers: int) -> list[str]:
        unfinished = checked.missing(mappers, self._present("mapper-output"))
        if unfinished:
            if lost := unfinished - self._present("mapper-input"):
                raise checked.expired(f"chunk {min(lost)} in the input bucket")
            objects.ensure(self.aws.store("mapper-input"), self._key(_FAN_OUT), _bookkeeping(mappers))
            at_once([partial(self._set_off, "mapper-input", index) for index in sorted(unfinished)], _THREADS)
        else:
            self._gather("mapper-output", mappers)
        return checked.run_again("mapper", unfinished, "partition")

    def _resume_reducers(self, values: list[Any]) -> list[str]:
        unfinished = checked.missing(len(values), self._present("reducer-output"))
        if unfinished:
            bodies = {self._key(value_name(index)): encode(values[index - 1]) for index in sorted(unfinished)}
            objects.write_all(self.aws.store("reducer-input"), bodies)
        else:
            self._gather("reducer-output", len(values))
        return checked.run_again("reducer", unfinished, "summary")

    def _gather(self, role: Role, size: int) -> None:
        """Have the values that are all there joined: anew, whoever has begun to."""
        bucket = self.aws.store(role)
        objects.remove(bucket, self._key(_LOCK))
        if size:
            self._set_off(role, size)
        else:
            objects.ensure(bucket, self._key(_FAN_IN), encode({"Size": 0}))
            objects.write(bucket, self._key(value_name(NOTHING)), encode(None))

    def _set_off(self, role: Role, index: int) -> None:
        bucket, key = self.aws.store(role), self._key(value_name(index))
        body = objects.read(bucket, key)
        if body is None:
            raise checked.expired(f"s3://{self.aws.deployment.bucket(role)}/{key}")
        objects.write(bucket, key, body)

    def _present(self, role: Role) -> set[int]:
        return _indexes(objects.names(self.aws.store(role), f"{self.run_id}/"))

    def _key(self, name: str) -> str:
        return f"{self.run_id}/{name}"


def _bookkeeping(size: int) -> bytes:
    """Of a fan-out whose run is marked as open: else its mappers would do that, with a deadline of a day."""
    return encode({"Size": size, "Marked": True})


def _indexes(keys: list[str]) -> set[int]:
    """Of the values among these keys; what stands for nothing is none."""
    found = set()
    for key in keys:
        try:
            found.add(parse_key(key)[1])
        except EnvelopeError:
            continue
    return found - {NOTHING}


def _values(fan_out: bytes) -> list[Any]:
    """What partition's fan-out is over. Raises UsageError: its bookkeeping holds something else."""
    try:
        held = json.loads(fan_out)
    except ValueError:
        held = None
    match held:
        case {"Size": int(size), "Values": [*values]} if size == len(values):
            return values
    raise UsageError(f"the run can't be resumed: {_FAN_OUT} of its reducers is none: {held!r:.200}; start anew")
