"""s3_triggers: the client writes what a run is given into the bucket that triggers the first function.

    {first}-input:    {run}/.unum_map   {"Size": 6, "Marked": true}   before the values, for a function may begin with the first
                      {run}/3.json      an element
    {first}-output:   {run}/.sync       {"Size": 0}       where there is no element: what the last of no branches would write
                      {run}/0.json      null

Each is written only if absent. Values are objects `{run}/{index}.json`, so their names tell the progress. See
runtime.orchestration.s3_triggers.stage.

To resume a run, what it lacks is set off again: an object that is overwritten by the same bytes is an event like any other. That
is done to the input of branches that have not returned; and when all have, to the last value, once the lock is gone that whoever
failed to join them may hold.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.s3_triggers.stage import FAN_IN, FAN_OUT, LOCK, NOTHING, parse_key, value_name
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.workflow.envelope import EnvelopeError
from runtime.orchestration.workflow.place import Place
from scripts.client.aws import objects
from scripts.client.errors import UsageError
from scripts.client.orchestrations.checkpoints import Checkpointed
from scripts.client.stored import checked

_THREADS = 8


class S3Triggers(Checkpointed):
    """A run of Lambdas that objects set off."""

    service = None
    starts_piecemeal = True

    @property
    def buckets(self) -> tuple[str, ...]:
        """The stages."""
        return self.workflow.stages

    def start(self, elements: Sequence[Any], *, attended: bool) -> None:
        """Write how many elements there are, then the elements."""
        first = self.workflow.first
        if not elements:
            returned = self.aws.store(str(first.to_stage))
            objects.ensure(returned, self._key(FAN_IN), encode({"Size": 0}))
            objects.ensure(returned, self._key(value_name(NOTHING)), encode(None))
            return
        bucket = self.aws.store(first.from_stage)
        objects.ensure(bucket, self._key(FAN_OUT), _bookkeeping(len(elements)))

        def write(i: int) -> None:
            objects.ensure(bucket, self._key(value_name(i + 1)), encode(elements[i]))

        at_once([partial(write, i) for i in range(len(elements))], _THREADS)

    def _returned(self, place: Place) -> int:
        return len(self._present(str(place.to_stage), patient=False))

    def _value(self, place: Place) -> Found | None:
        """From the bookkeeping of the stage after it, which holds all values there, even one that is handed on alone."""
        body = objects.read(self.aws.store(str(place.to_stage)), self._key(FAN_OUT))
        if body is None:
            return None
        held = checked.parsed(body, FAN_OUT)
        match held:
            case {"Size": int(size), "Values": [*values]} if size == len(values) and (place.edge == "Map" or size == 1):
                return Found(values if place.edge == "Map" else values[0])
        raise UsageError(f"the run can't be resumed: {FAN_OUT} of {place.next} is none: {held!r:.200}; start anew")

    def _run_first_again(self) -> list[str]:
        first = self.workflow.first
        body = objects.read(self.aws.store(first.from_stage), self._key(value_name(1)))
        self._run_again(first, checked.parsed(body, f"what {first.name} was given"))
        return [first.name]

    def _unfinished(self, place: Place, size: int) -> set[int]:
        return checked.missing(size, self._present(str(place.to_stage)))

    def _run_branches_again(self, place: Place, indexes: Sequence[int], size: int, values: list[Any] | None) -> None:
        bucket = self.aws.store(place.from_stage)
        if values is not None:
            objects.write_all(bucket, {self._key(value_name(index)): encode(values[index - 1]) for index in indexes})
            return
        if lost := set(indexes) - self._present(place.from_stage):
            raise checked.expired(f"element {min(lost)} in bucket {self.aws.deployment.bucket(place.from_stage)}")
        objects.ensure(bucket, self._key(FAN_OUT), _bookkeeping(size))
        at_once([partial(self._set_off, place.from_stage, index) for index in indexes], _THREADS)

    def _gather_again(self, place: Place, size: int) -> None:
        bucket = self.aws.store(str(place.to_stage))
        objects.remove(bucket, self._key(LOCK))
        if size:
            self._set_off(str(place.to_stage), size)
        else:
            objects.ensure(bucket, self._key(FAN_IN), encode({"Size": 0}))
            objects.write(bucket, self._key(value_name(NOTHING)), encode(None))

    def _run_again(self, place: Place, value: Any) -> None:
        bucket = self.aws.store(place.from_stage)
        if place == self.workflow.first:
            objects.ensure(bucket, self._key(FAN_OUT), _bookkeeping(1))
        objects.write(bucket, self._key(value_name(1)), encode(value))

    def _set_off(self, role: str, index: int) -> None:
        bucket, key = self.aws.store(role), self._key(value_name(index))
        body = objects.read(bucket, key)
        if body is None:
            raise checked.expired(f"s3://{self.aws.deployment.bucket(role)}/{key}")
        objects.write(bucket, key, body)

    def _present(self, role: str, *, patient: bool = True) -> set[int]:
        """The indexes of a stage's values; what stands for nothing is none."""
        found = set()
        for key in objects.names(self.aws.store(role, patient=patient), f"{self.run_id}/"):
            with suppress(EnvelopeError):
                found.add(parse_key(key)[1])
        return found - {NOTHING}

    def _key(self, name: str) -> str:
        return f"{self.run_id}/{name}"


def _bookkeeping(size: int) -> bytes:
    """Of a run that is marked as open: else its first function would do that, with a deadline of a day."""
    return encode({"Size": size, "Marked": True})
