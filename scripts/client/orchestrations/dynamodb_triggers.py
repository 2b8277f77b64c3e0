"""dynamodb_triggers: the client writes the chunks into the table whose stream triggers the mappers.

    mapper_input:   {"Key": "{run}/3", "To": "mapper", "Run": run, "Index": 3, "Size": 6, "Value": JSON, "Expires": epoch seconds}
                    with "Pointer": "mapper.input/3.json" for a Value that is too large: a claim check in the returns bucket
    mapper_output:  {"Key": "{run}/fan-in", "To": "partition", "Run": run, "Size": 0, "Expires"}     without chunks

See runtime.orchestration.table for all other items. Which branches have returned stands in the sets `{run}/finished/{block}`, so
their sizes tell the progress. A run's items are found again by their keys alone, since they lie spread over the whole table.
"""

import json
import time
from typing import Any

from runtime.orchestration.envelope import encode
from runtime.orchestration.table import BLOCK, EXPIRES_SECONDS, VALUE_BYTES
from scripts.client import items, objects
from scripts.client.errors import UsageError
from scripts.client.items import Image
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress

MAX_CHUNKS = 100_000
"""200 sets of finished indexes. More would go, but partition's fan-in reads a value of each within one Lambda's time."""

_RESULT_SECONDS = 2.0


class DynamoDBTriggers(Orchestration):
    """A run of Lambdas that items set off."""

    service = "dynamodb"
    tables = ("mapper_input", "mapper_output", "reducer_input", "reducer_output", "results")
    starts_piecemeal = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._reducers: int | None = None

    def check(self, chunks: list[Chunk]) -> None:
        """A fan-out has its limit; a chunk has none, for a large one travels as a claim check."""
        super().check(chunks)
        if len(chunks) > MAX_CHUNKS:
            raise UsageError(
                f"{len(chunks)} chunks are more than the {MAX_CHUNKS} that a fan-out over DynamoDB may have; use larger chunks"
                f" (--chunks {MAX_CHUNKS})"
            )

    def start(self, chunks: list[Chunk], *, attended: bool) -> None:
        """Write an item for each chunk, after all claim checks."""
        common = {"Run": {"S": self.run_id}, "Expires": {"N": str(int(time.time()) + EXPIRES_SECONDS)}}
        if not chunks:
            fan_in = {"Key": {"S": self._key("fan-in")}, "To": {"S": "partition"}, "Size": {"N": "0"}, **common}
            items.put_all(self._client, self._table("mapper_output"), [fan_in])
            return
        bodies: dict[str, bytes] = {}
        images: list[Image] = []
        for index, chunk in enumerate(chunks, 1):
            held = {"Value": {"S": (body := encode(chunk)).decode()}}
            if len(body) > VALUE_BYTES:
                held = {"Pointer": {"S": (pointer := f"mapper.input/{index}.json")}}
                bodies[self._key(pointer)] = body
            place = {"To": {"S": "mapper"}, "Index": {"N": str(index)}, "Size": {"N": str(len(chunks))}}
            images.append({"Key": {"S": self._key(index)}, **place, **held, **common})
        objects.write_all(self.aws.store("returns"), bodies)
        items.put_all(self._client, self._table("mapper_input"), images)

    def progress(self, mappers: int | None) -> Progress:
        """Count finished indexes."""
        if mappers is None:
            return Progress()
        mapped = self._count("mapper_output", mappers)
        if mapped < mappers:
            return Progress(mapped)
        if self._reducers is None:
            self._reducers = self._find_reducers()
        if self._reducers is None:
            return Progress(mapped)
        return Progress(mapped, self._count("reducer_output", self._reducers), self._reducers)

    def remove(self, mappers: int | None) -> None:
        """Delete the run's items, then its objects. What tells which items there are goes last."""
        if mappers is None:
            mappers = _size(self._find("mapper_output", "fan-in"))
        reducer_fan_in = self._find("reducer_output", "fan-in")
        reducers = self._find_reducers()
        if reducers is None:
            reducers = _size(reducer_fan_in)
        self._remove("mapper_input", mappers, [])
        self._remove("mapper_output", mappers, [*_finished(mappers), "fan-in"])
        self._remove("reducer_output", reducers, _finished(reducers))
        self._remove("reducer_input", reducers, ["fan-out"])
        if reducer_fan_in is not None:
            self._await_result_item()
        self._remove("results", 0, ["result"])
        self._remove("reducer_output", 0, ["fan-in"])
        super().remove(mappers)

    def _await_result_item(self) -> None:
        """summary writes it right after result.json, which a fast client sees before; what was deleted too early would stay."""
        deadline = time.monotonic() + _RESULT_SECONDS
        while self._find("results", "result") is None and time.monotonic() < deadline:
            time.sleep(0.1)

    def _remove(self, role: str, size: int, bookkeeping: list[str]) -> None:
        for names in ([str(index) for index in range(1, size + 1)], bookkeeping):
            items.remove_all(self._client, self._table(role), [self._key(name) for name in names])

    def _find_reducers(self) -> int | None:
        """How many values partition's fan-out has, None while there is none."""
        match self._find("reducer_input", "fan-out"):
            case {"Value": {"S": str(text)}}:
                return len(json.loads(text))
            case {"Pointer": {"S": str(pointer)}}:
                body = objects.read(self.aws.store("returns", patient=False), self._key(pointer))
                return None if body is None else len(json.loads(body))
        return None

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


def _finished(size: int) -> list[str]:
    return [*_blocks(size), "finished"]


def _size(fan_in: Image | None) -> int:
    return int(fan_in["Size"]["N"]) if fan_in else 0
