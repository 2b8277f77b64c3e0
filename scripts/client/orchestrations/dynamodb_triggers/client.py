"""dynamodb_triggers: the client writes what a run is given into the table whose stream triggers the first function.

    {first}-input:   {"Key": "{run}/3", "To": first, "Run": run, "Index": 3, "Size": 6, "Value": JSON, "Expires": epoch seconds}
                     with "Pointer": "{first}.input/3.json" for a Value that is too large: a claim check in the returns bucket
    {first}-output:  {"Key": "{run}/fan-in", "To": gatherer, "Run": run, "Size": 0, "Expires"}     where there is no element

See runtime.orchestration.values.table for all other items. Which branches have returned stands in the sets
`{run}/finished/{block}`, so their sizes tell the progress. A run's items are found again by their keys alone, since they lie
spread over the whole table.

To resume a run, the items that set off what it lacks are deleted and written anew, for only what is new is worked on; and the
attempts at them are forgotten. An element is kept as a claim check first: it must not get lost in between.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import input_key
from runtime.orchestration.values.table import EXPIRES_SECONDS, attempts_key
from runtime.orchestration.workflow.place import Place
from runtime.ports import ports
from scripts.client.aws import finished, items, objects
from scripts.client.aws.items import Image, Table
from scripts.client.errors import UsageError
from scripts.client.orchestrations.checkpoints import Checkpointed
from scripts.client.stored import checked

MAX_BRANCHES = 100_000
"""200 sets of finished indexes. More would go, but a fan-in reads a value of each within one Lambda's time."""

RESULTS = "results"
_FAN_OUT, _FAN_IN = "fan-out", "fan-in"
_RESULT_SECONDS = 2.0
_THREADS = 8
_AT_ONCE = _THREADS * items.WRITES


class DynamoDBTriggers(Checkpointed):
    """A run of Lambdas that items set off."""

    service = "dynamodb"
    starts_piecemeal = True
    pauses = (60, 60, 60, 60, 60)
    """A stream's, of at most 60 s: that is not documented, so a guess."""

    kept_seconds = 86_400
    """As long as a stream keeps a record: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""

    @property
    def tables(self) -> tuple[str, ...]:
        """The stages, and that of the results."""
        return (*self.workflow.stages, RESULTS)

    def check(self, elements: Sequence[Any]) -> None:
        """A fan-out has its limit; an element has none, for a large one travels as a claim check."""
        super().check(elements)
        if len(elements) > MAX_BRANCHES:
            raise UsageError(
                f"{len(elements)} elements are more than the {MAX_BRANCHES} that a fan-out over DynamoDB may have; give fewer, "
                f"or cut text into larger chunks (--chunks {MAX_BRANCHES})"
            )

    def start(self, elements: Sequence[Any], *, attended: bool) -> None:
        """Write an item for each element, after the claim check that it points to; some hundreds at a time."""
        first = self.workflow.first
        if not elements:
            self._table(first.to_stage).put([self._image(_FAN_IN, first.next, 0)])
            return
        for begin in range(0, len(elements), _AT_ONCE):
            indexes = range(begin + 1, min(begin + _AT_ONCE, len(elements)) + 1)
            self._table(first.from_stage).put(self._images(first, indexes, elements))

    def resume(self, size: int, *, attended: bool) -> list[str]:
        """Write the items anew that set off what the run lacks."""
        # Created only if absent, it would keep the recorder from hearing of another failure.
        self._table(RESULTS).remove(["failed"])
        return super().resume(size, attended=attended)

    def _returned(self, place: Place) -> int | None:
        size = self._sizes.get(place.name)
        if size is None:
            return None
        found = self._table(place.to_stage).get(finished.names(size)[:-1])
        return sum(len(image["Finished"]["NS"]) for image in found.values())

    def _value(self, place: Place) -> Found | None:
        return finished.value(self.aws, self.run_id, place.name, self._table(place.to_stage).find(_FAN_OUT))

    def _unfinished(self, place: Place, size: int) -> set[int]:
        return finished.unfinished(self._table(place.to_stage), size)

    def _run_branches_again(self, place: Place, indexes: Sequence[int], size: int, values: list[Any] | None) -> None:
        for start in range(0, len(indexes), items.READS):
            some = indexes[start : start + items.READS]
            images = self._images_again(place, some, size) if values is None else self._images(place, some, values)
            self._put_anew(place.from_stage, images)

    def _gather_again(self, place: Place, size: int) -> None:
        self._put_anew(place.to_stage, [self._image(_FAN_IN, place.next, size)])

    def _run_first_again(self) -> list[str]:
        first = self.workflow.first
        self._run_branches_again(first, [1], 1, None)
        return [first.name]

    def _run_again(self, place: Place, value: Any) -> None:
        self._run_branches_again(place, [1], 1, [value])

    def _images_again(self, place: Place, indexes: Sequence[int], size: int) -> list[Image]:
        """The elements' items anew, each with its element kept as a claim check, from which it comes if the item is gone."""
        table = self._table(place.from_stage)
        found = table.get(indexes)
        returns, bodies, images = self.aws.store("returns"), {}, []
        for index in indexes:
            pointer = input_key(place.name, index)
            match found.get(self._key(index)):
                case {"Value": {"S": str(text)}}:
                    held = {"Value": {"S": text}}
                    bodies[self._key(pointer)] = text.encode()
                case _:
                    held = {"Pointer": {"S": pointer}}
                    if not objects.exists(returns, self._key(pointer)):
                        raise checked.expired(f"element {index} in table {table.name}")
            images.append(self._image(index, place.name, size, Index={"N": str(index)}, **held))
        objects.write_all(returns, bodies)
        return images

    def _put_anew(self, role: str | None, images: list[Image]) -> None:
        table = self._table(role)
        names = [image["Key"]["S"].removeprefix(table.key("")) for image in images]
        table.remove([*names, *map(attempts_key, names)])
        table.put(images)

    def _images(self, place: Place, indexes: Sequence[int], values: Sequence[Any]) -> list[Image]:
        """The items of some elements of an array, after what is too large for an item is written as a claim check."""

        def element(index: int) -> Image:
            body = encode(values[index - 1])
            held = {"Value": {"S": body.decode()}}
            if len(body) > ports().limits.item_bytes:
                held = {"Pointer": {"S": (pointer := input_key(place.name, index))}}
                objects.write(self.aws.store("returns"), self._key(pointer), body)
            return self._image(index, place.name, len(values), Index={"N": str(index)}, **held)

        return at_once([partial(element, index) for index in indexes], _THREADS)

    def _image(self, name: str | int, to: str | None, size: int, **more: Image) -> Image:
        """An item that sets a function off."""
        expires = {"N": str(int(time.time()) + EXPIRES_SECONDS)}
        place = {"Key": {"S": self._key(name)}, "To": {"S": str(to)}, "Run": {"S": self.run_id}, "Size": {"N": str(size)}}
        return {**place, "Expires": expires, **more}

    def remove(self, size: int | None) -> None:
        """Delete the run's items, then its objects. What tells which items there are goes last."""
        sizes = self._sizes_by_values(size)
        fan_ins: dict[str, Image | None] = {}
        for place in self.workflow.steps[:-1]:
            if place.takes == "branch":
                # The first one's size is looked for only where it isn't known.
                looked_up = place != self.workflow.first or size is None
                fan_ins[place.name] = self._table(place.to_stage).find(_FAN_IN) if looked_up else None
                sizes[place.name] = sizes.get(place.name) or _size(fan_ins[place.name])
            elif place.edge == "Scalar":
                sizes[str(place.next)] = 1
        last_branch = self.workflow.branches[-1] if self.workflow.branches else None
        removals: list[Callable[[], None]] = []
        for place in self.workflow.steps:
            number = sizes.get(place.name, 0)
            if place.takes != "gather":
                removals.append(partial(self._remove, place.from_stage, number, _attempts(number)))
            if place.takes == "branch":
                of_fan_in = [] if place.name == last_branch else [_FAN_IN, attempts_key(_FAN_IN)]
                removals.append(partial(self._remove, place.to_stage, number, [*finished.names(number), *of_fan_in]))
        at_once(removals, len(removals))
        for place in self.workflow.steps[:-1]:
            if place.takes != "branch":
                self._remove(place.to_stage, 0, [_FAN_OUT])
        if last_branch is None or fan_ins[last_branch] is not None:
            self._await_result_item()
        self._remove(RESULTS, 0, ["result", "failed"])
        if last_branch is not None:
            self._remove(self.workflow.place(last_branch).to_stage, 0, [_FAN_IN, attempts_key(_FAN_IN)])
        super().remove(size)

    def _await_result_item(self) -> None:
        """It is written right after result.json, which a fast client sees before; what was deleted too early would stay."""
        deadline = time.monotonic() + _RESULT_SECONDS
        while self._table(RESULTS).find("result") is None and time.monotonic() < deadline:
            time.sleep(0.02)

    def _remove(self, role: str | None, size: int, bookkeeping: list[str]) -> None:
        # In this order: an attempt is noted only while its item is there.
        self._table(role).remove(range(1, size + 1))
        self._table(role).remove(bookkeeping)

    def _key(self, name: str | int) -> str:
        return f"{self.run_id}/{name}"

    def _table(self, role: str | None) -> Table:
        return Table(self.aws.client("dynamodb"), self.aws.deployment.table(str(role)), self._key(""))


def _attempts(size: int) -> list[str]:
    return [attempts_key(str(index)) for index in range(1, size + 1)]


def _size(fan_in: Image | None) -> int:
    return int(fan_in["Size"]["N"]) if fan_in else 0
