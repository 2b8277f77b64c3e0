"""http_sync_s3: the client invokes the entry, asynchronously; see `entry`.

Return values lie in one of the `return_stores`, and tell the progress. To resume a run, the client invokes what it lacks, with
the envelopes that the run's own functions would send: branches of a fan-out that have not returned, and the one that continues
once all have. A run whose store no client can reach begins again with the entry: whatever has returned skips its component.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import input_key
from runtime.orchestration.workflow.envelope import Datum, Directory, Envelope, FanOut, Inline, Pointer, parse_datum
from runtime.orchestration.workflow.place import Place
from scripts.client.aws import objects
from scripts.client.deployment import Deployment
from scripts.client.errors import ClientError
from scripts.client.orchestrations import entry, handing_over
from scripts.client.orchestrations.base import size as size_of
from scripts.client.orchestrations.checkpoints import Checkpointed
from scripts.client.orchestrations.http_sync_s3.return_stores import RETURN_STORES, TABLE, ReturnStore, open_store

_INVOKERS = 8


class HttpSyncS3(Checkpointed):
    """A run of Lambdas that invoke each other."""

    service = "lambda"

    @classmethod
    def last_branch_waits(cls, deployment: Deployment) -> bool:
        """The last branch polls or blocks, but with DynamoDB, where who completes the set of those that returned continues."""
        return RETURN_STORES[deployment.return_store].last_continues if deployment.return_store in RETURN_STORES else True

    @classmethod
    def crowding(cls, deployment: Deployment, sizes: Mapping[str, int], limit: int) -> str | None:
        """Too few places are a danger where a branch waits for the others, which need a place, too."""
        branch, most = max(sizes.items(), key=lambda item: item[1], default=("", 0))
        if not cls.last_branch_waits(deployment) or most <= limit:
            return None
        another = "with http_sync_s3.return_store=dynamodb, where nobody waits"
        if limit < 2:
            return f"This run can't end there: the last {branch} holds that place while it waits for the others. Deploy {another}"
        return (
            f"This run has {most} branches of {branch}, which take turns, and the last of them holds a place while it waits for "
            f"the others. Runs at the same time can stop each other so. Deploy {another}"
        )

    def check(self, elements: Sequence[Any]) -> None:
        """The deployment's store is one that this client knows."""
        super().check(elements)
        deployment = self.aws.deployment
        if deployment.return_store not in RETURN_STORES:
            raise ClientError(f"{deployment} keeps return values in {deployment.return_store!r}, which this client doesn't know")
        if deployment.return_store == "dynamodb":
            deployment.table(TABLE)

    def start(self, elements: Sequence[Any], *, attended: bool) -> None:
        """Invoke the entry."""
        entry.launch(self.aws, self.run_id, elements, partial(entry.send_off, self.aws, str(self.workflow.entry)))

    def remove(self, size: int | None) -> None:
        """Delete return values, then claim checks and all else in the returns bucket."""
        self._returns.remove(self.workflow, partial(self._sizes_by_values, size))
        super().remove(size)

    def _returned(self, place: Place) -> int | None:
        indexes = self._returns.indexes(place.name)
        return None if indexes is None else len(indexes)

    def _value(self, place: Place) -> Found | None:
        return self._returns.value(place.name)

    def _resume_first(self, size: int) -> list[str]:
        """From the stored input; from the entry on where nobody knows which branches have returned."""
        if self.workflow.begins_with_fan_out and size and self._returns.unfinished(self.workflow.first.name, size) is not None:
            return super()._resume_first(size)
        return self._run_first_again()

    def _run_first_again(self) -> list[str]:
        name = str(self.workflow.entry)
        entry.send_off(self.aws, name, entry.relaunch(self.workflow, self.run_id))
        return [name]

    def _unfinished(self, place: Place, size: int) -> set[int]:
        return self._returns.unfinished(place.name, size) or set()

    def _run_branches_again(self, place: Place, indexes: Sequence[int], size: int, values: list[Any] | None) -> None:
        data = self._data(size, values)
        continues = {size} if self._returns.last_continues else set()
        # In this order, since that one may have to wait for the others.
        at_once([partial(self._invoke_branch, place, i, data) for i in indexes if i not in continues], _INVOKERS)
        for index in continues:
            self._invoke_branch(place, index, data)

    def _gather_again(self, place: Place, size: int) -> None:
        """Invoke the function that gathers: with a pointer to all values, as the branch that continued would have done."""
        self._invoke(str(place.next), Directory(place.name, size, self.aws.deployment.return_store))

    def _run_again(self, place: Place, value: Any) -> None:
        self._invoke(place.name, self._fitting(place.name, 1, Inline(value)))

    def _data(self, size: int, values: list[Any] | None) -> list[Datum]:
        if values is not None:
            return [Inline(value) for value in values]
        key = f"{self.run_id}/{entry.input_of(self.workflow)}"
        return [parse_datum(datum) for datum in handing_over.read_list(self.aws.store("returns"), key, size)]

    def _invoke_branch(self, place: Place, index: int, data: list[Datum]) -> None:
        fan_out = FanOut(index, len(data), f"{place.name}/")
        self._invoke(place.name, self._fitting(place.name, index, data[index - 1]), fan_out)

    def _fitting(self, function: str, index: int, datum: Datum) -> Datum:
        """The datum, or a claim check of its value, if that is too large for a payload."""
        if not isinstance(datum, Inline) or size_of(datum.json()) <= entry.MAX_EVENT_BYTES:
            return datum
        key = input_key(function, index)
        objects.write(self.aws.store("returns"), f"{self.run_id}/{key}", encode(datum.value))
        return Pointer(key)

    def _invoke(self, function: str, datum: Datum, fan_out: FanOut | None = None) -> None:
        entry.send_off(self.aws, function, encode(Envelope(self.run_id, datum, fan_out).json()))

    @cached_property
    def _returns(self) -> ReturnStore:
        return open_store(self.aws, self.run_id)
