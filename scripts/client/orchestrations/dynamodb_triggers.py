"""dynamodb_triggers: the client writes the chunks into the table whose stream triggers the mappers.

    mapper-input:   {"Key": "{run}/3", "To": "mapper", "Run": run, "Index": 3, "Size": 6, "Value": JSON, "Expires": epoch seconds}
                    with "Pointer": "mapper.input/3.json" for a Value that is too large: a claim check in the returns bucket
    mapper-output:  {"Key": "{run}/fan-in", "To": "partition", "Run": run, "Size": 0, "Expires"}     without chunks

See runtime.orchestration.values.table for all other items. Which branches have returned stands in the sets
`{run}/finished/{block}`, so their sizes tell the progress. A run's items are found again by their keys alone, since they lie
spread over the whole table.

To resume a run, the items that set off what it lacks are deleted and written anew, for only what is new is worked on; and the
attempts at them are forgotten. A chunk is kept as a claim check first: it must not get lost in between.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from runtime.encoding import encode
from runtime.orchestration.values.returns import input_key, return_key
from runtime.orchestration.values.table import BLOCK, EXPIRES_SECONDS, VALUE_BYTES, attempts_key
from scripts.client.aws import items, objects
from scripts.client.aws.concurrency import at_once
from scripts.client.aws.items import Image
from scripts.client.errors import UsageError
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress
from scripts.client.stored import checked, finished

MAX_CHUNKS = 100_000
"""200 sets of finished indexes. More would go, but partition's fan-in reads a value of each within one Lambda's time."""

_RESULT_SECONDS = 2.0
_THREADS = 8
_CHUNKS_AT_ONCE = _THREADS * items.WRITES


class DynamoDBTriggers(Orchestration):
    """A run of Lambdas that items set off."""

    service = "dynamodb"
    tables = ("mapper-input", "mapper-output", "reducer-input", "reducer-output", "results")
    starts_piecemeal = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._reducers: int | None = None

    def check(self, chunks: Sequence[Chunk]) -> None:
        """A fan-out has its limit; a chunk has none, for a large one travels as a claim check."""
        super().check(chunks)
        if len(chunks) > MAX_CHUNKS:
            raise UsageError(
                f"{len(chunks)} chunks are more than the {MAX_CHUNKS} that a fan-out over DynamoDB may have; use larger chunks"
                f" (--chunks {MAX_CHUNKS})"
            )

    def start(self, chunks: Sequence[Chunk], *, attended: bool) -> None:
        """Write an item for each chunk, after the claim check that it points to; some hundreds at a time."""
        if not chunks:
            items.put_all(self._client, self._table("mapper-output"), [self._image("fan-in", "partition", 0)])
            return
        for first in range(0, len(chunks), _CHUNKS_AT_ONCE):
            images = self._elements("mapper", range(first + 1, min(first + _CHUNKS_AT_ONCE, len(chunks)) + 1), chunks)
            items.put_all(self._client, self._table("mapper-input"), images)

    def progress(self, mappers: int | None) -> Progress:
        """Count finished indexes."""
        if mappers is None:
            return Progress()
        mapped = self._count("mapper-output", mappers)
        if mapped < mappers:
            return Progress(mapped)
        if self._reducers is None:
            self._reducers = self._find_reducers()
        if self._reducers is None:
            return Progress(mapped)
        return Progress(mapped, self._count("reducer-output", self._reducers), self._reducers)

    def resume(self, mappers: int, *, attended: bool) -> list[str]:
        """Write the items anew that set off what the fan-out lacks that the run stands in."""
        # Created only if absent, it would keep the recorder from hearing of another failure.
        items.remove_all(self._client, self._table("results"), [self._key("failed")])
        values = self._find_values()
        if values is None:
            return self._resume_mappers(mappers)
        return self._resume_reducers(values)

    def _resume_mappers(self, mappers: int) -> list[str]:
        unfinished = finished.unfinished(self._client, self._table("mapper-output"), self._key, mappers)
        if not unfinished:
            self._put_anew("mapper-output", [self._image("fan-in", "partition", mappers)])
        indexes = sorted(unfinished)
        for start in range(0, len(indexes), items.READS):
            self._put_anew("mapper-input", self._chunks_again(indexes[start : start + items.READS], mappers))
        return checked.run_again("mapper", unfinished, "partition")

    def _resume_reducers(self, values: list[Any]) -> list[str]:
        unfinished = finished.unfinished(self._client, self._table("reducer-output"), self._key, len(values))
        if unfinished:
            self._put_anew("reducer-input", self._elements("reducer", sorted(unfinished), values))
        else:
            self._put_anew("reducer-output", [self._image("fan-in", "summary", len(values))])
        return checked.run_again("reducer", unfinished, "summary")

    def _chunks_again(self, indexes: list[int], size: int) -> list[Image]:
        """The chunks' items anew, each with its chunk kept as a claim check, from which it comes if the item is gone."""
        found = items.get_all(self._client, self._table("mapper-input"), [self._key(index) for index in indexes])
        returns, bodies, images = self.aws.store("returns"), {}, []
        for index in indexes:
            pointer = input_key("mapper", index)
            match found.get(self._key(index)):
                case {"Value": {"S": str(text)}}:
                    held = {"Value": {"S": text}}
                    bodies[self._key(pointer)] = text.encode()
                case _:
                    held = {"Pointer": {"S": pointer}}
                    if not objects.exists(returns, self._key(pointer)):
                        raise checked.expired(f"chunk {index} in table {self._table('mapper-input')}")
            images.append(self._image(index, "mapper", size, Index={"N": str(index)}, **held))
        objects.write_all(returns, bodies)
        return images

    def _put_anew(self, role: str, images: list[Image]) -> None:
        keys = [image["Key"]["S"] for image in images]
        items.remove_all(self._client, self._table(role), [*keys, *map(attempts_key, keys)])
        items.put_all(self._client, self._table(role), images)

    def _elements(self, function: str, indexes: Sequence[int], values: Sequence[Any]) -> list[Image]:
        """The items of some of a fan-out's elements, after what is too large for an item is written as a claim check."""

        def element(index: int) -> Image:
            body = encode(values[index - 1])
            held = {"Value": {"S": body.decode()}}
            if len(body) > VALUE_BYTES:
                held = {"Pointer": {"S": (pointer := input_key(function, index))}}
                objects.write(self.aws.store("returns"), self._key(pointer), body)
            return self._image(index, function, len(values), Index={"N": str(index)}, **held)

        return at_once([partial(element, index) for index in indexes], _THREADS)

    def _image(self, name: str | int, to: str, size: int, **more: Image) -> Image:
        """An item that sets a function off."""
        expires = {"N": str(int(time.time()) + EXPIRES_SECONDS)}
        place = {"Key": {"S": self._key(name)}, "To": {"S": to}, "Run": {"S": self.run_id}, "Size": {"N": str(size)}}
        return {**place, "Expires": expires, **more}

    def remove(self, mappers: int | None) -> None:
        """Delete the run's items, then its objects. What tells which items there are goes last."""
        if mappers is None:
            mappers = _size(self._find("mapper-output", "fan-in"))
        reducer_fan_in = self._find("reducer-output", "fan-in")
        reducers = self._find_reducers()
        if reducers is None:
            reducers = _size(reducer_fan_in)
        mapped, reduced = [*_finished(mappers), "fan-in", attempts_key("fan-in")], _finished(reducers)
        removals: list[Callable[[], None]] = [
            partial(self._remove, "mapper-input", mappers, _attempts(mappers)),
            partial(self._remove, "mapper-output", mappers, mapped),
            partial(self._remove, "reducer-output", reducers, reduced),
            partial(self._remove, "reducer-input", reducers, _attempts(reducers)),
        ]
        at_once(removals, len(removals))
        self._remove("reducer-input", 0, ["fan-out"])
        if reducer_fan_in is not None:
            self._await_result_item()
        self._remove("results", 0, ["result", "failed"])
        self._remove("reducer-output", 0, ["fan-in", attempts_key("fan-in")])
        super().remove(mappers)

    def _await_result_item(self) -> None:
        """summary writes it right after result.json, which a fast client sees before; what was deleted too early would stay."""
        deadline = time.monotonic() + _RESULT_SECONDS
        while self._find("results", "result") is None and time.monotonic() < deadline:
            time.sleep(0.02)

    def _remove(self, role: str, size: int, bookkeeping: list[str]) -> None:
        # In this order: an attempt is noted only while its item is there.
        for names in ([str(index) for index in range(1, size + 1)], bookkeeping):
            items.remove_all(self._client, self._table(role), [self._key(name) for name in names])

    def _find_reducers(self) -> int | None:
        """How many values partition's fan-out has, None while there is none, or if they have expired before their item."""
        try:
            values = self._find_values()
        except UsageError:
            return None
        return None if values is None else len(values)

    def _find_values(self) -> list[Any] | None:
        """What partition's fan-out is over, None while there is none. Raises UsageError: it is gone."""
        body: bytes | str | None
        match self._find("reducer-input", "fan-out"):
            case None:
                return None
            case {"Value": {"S": str(text)}}:
                body = text
            case _:
                body = objects.read(self.aws.store("returns"), self._key(return_key("partition", 1)))
        return checked.array(body, "partition's value")

    def _find(self, role: str, name: str) -> Image | None:
        key = self._key(name)
        return items.get_all(self._client, self._table(role), [key]).get(key)

    def _count(self, role: str, size: int) -> int:
        keys = [self._key(name) for name in _blocks(size)]
        found = items.get_all(self._client, self._table(role), keys)
        return sum(len(image["Finished"]["NS"]) for image in found.values())

    def _key(self, name: str | int) -> str:
        return f"{self.run_id}/{name}"

    def _table(self, role: str) -> str:
        return self.aws.deployment.table(role)

    @property
    def _client(self) -> Any:
        return self.aws.client("dynamodb")


def _blocks(size: int) -> list[str]:
    return [f"finished/{block}" for block in range((size + BLOCK - 1) // BLOCK)]


def _attempts(size: int) -> list[str]:
    return [attempts_key(str(index)) for index in range(1, size + 1)]


def _finished(size: int) -> list[str]:
    return [*_blocks(size), "finished"]


def _size(fan_in: Image | None) -> int:
    return int(fan_in["Size"]["N"]) if fan_in else 0
