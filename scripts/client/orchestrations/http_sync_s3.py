"""http_sync_s3: the client invokes `unum_map`, asynchronously; see `entry`.

Return values lie in one of the `return_stores`, and tell the progress. To resume a run, the client invokes what they lack, with
the envelopes that the run's own functions would send: branches of a fan-out that have not returned, and the one that continues
once all have. A run whose store no client can reach begins again with unum_map: whatever has returned skips its component.
"""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

from runtime.encoding import encode
from runtime.orchestration.values.returns import input_key
from runtime.orchestration.workflow.envelope import Directory, Inline, Pointer
from scripts.client.aws import objects
from scripts.client.aws.concurrency import at_once
from scripts.client.errors import ClientError
from scripts.client.orchestrations import elements, entry
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress, size
from scripts.client.stored import checked
from scripts.client.stored.return_stores import RETURN_STORES, TABLE, ReturnStore

_INVOKERS = 8


class HttpSyncS3(Orchestration):
    """A run of Lambdas that invoke each other."""

    service = "lambda"

    def check(self, chunks: Sequence[Chunk]) -> None:
        """The deployment's store is one that this client knows."""
        super().check(chunks)
        deployment = self.aws.deployment
        if deployment.return_store not in RETURN_STORES:
            raise ClientError(f"{deployment} keeps return values in {deployment.return_store!r}, which this client doesn't know")
        if deployment.return_store == "dynamodb":
            deployment.table(TABLE)

    def start(self, chunks: Sequence[Chunk], *, attended: bool) -> None:
        """Invoke unum_map."""
        entry.launch(self.aws, self.run_id, chunks, partial(entry.send_off, self.aws))

    def progress(self, mappers: int | None) -> Progress:
        """Count return values."""
        mapped = self._returns.returned("mapper")
        if mapped is None or mappers is None or mapped < mappers:
            return Progress(mapped)
        partitions = self._returns.partitions()
        if partitions is None:
            return Progress(mapped)
        return Progress(mapped, self._returns.returned("reducer"), partitions)

    def resume(self, mappers: int, *, attended: bool) -> list[str]:
        """Invoke what the fan-out lacks that the run stands in."""
        values = self._returns.partition()
        if values is None:
            return self._resume_mappers(mappers)
        if not values:
            self._invoke("partition", Directory("mapper", mappers, self.aws.deployment.return_store).json(), {})
            return ["summary"]
        unfinished = self._returns.unfinished("reducer", len(values)) or set()
        return self._resume_branches("reducer", [Inline(value).json() for value in values], unfinished, "summary")

    def _resume_mappers(self, mappers: int) -> list[str]:
        data = elements.read_list(self.aws.store("returns"), self.run_id, mappers)
        unfinished = self._returns.unfinished("mapper", mappers)
        if data and unfinished is not None:
            return self._resume_branches("mapper", data, unfinished, "partition")
        entry.send_off(self.aws, entry.relaunch(self.run_id))
        return [entry.ENTRY]

    def _resume_branches(self, function: str, data: list[dict[str, Any]], unfinished: set[int], fan_in: str) -> list[str]:
        last = len(data)

        def invoke(index: int) -> None:
            datum = data[index - 1]
            if size(datum) > entry.MAX_EVENT_BYTES:
                key = input_key(function, index)
                objects.write(self.aws.store("returns"), f"{self.run_id}/{key}", encode(datum["Value"]))
                datum = Pointer(key).json()
            self._invoke(function, datum, {"Fan-out": {"Index": index, "Size": last, "Directory": f"{function}/"}})

        continues = {last} if self._returns.last_continues or not unfinished else set()
        # In this order, since that one may have to wait for the others.
        at_once([partial(invoke, index) for index in sorted(unfinished - continues)], _INVOKERS)
        for index in continues:
            invoke(index)
        return checked.run_again(function, unfinished, fan_in)

    def _invoke(self, function: str, datum: dict[str, Any], place: dict[str, Any]) -> None:
        entry.send_off(self.aws, encode({"Session": self.run_id, "Data": datum, **place}), function)

    def remove(self, mappers: int | None) -> None:
        """Delete return values, then claim checks and all else in the returns bucket."""
        self._returns.remove(mappers)
        super().remove(mappers)

    @cached_property
    def _returns(self) -> ReturnStore:
        return RETURN_STORES[self.aws.deployment.return_store](self.aws, self.run_id)
