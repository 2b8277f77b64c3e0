"""s3_triggers: the client writes the chunks into the bucket that triggers the mappers; see runtime.orchestration.stage.

    input:          {run}/.unum_map   {"Size": 6}       first, for a mapper may begin with the first chunk
                    {run}/3.json      chunk
    mapper_output:  {run}/.sync       {"Size": 0}       without chunks: what the last of no mappers would write
                    {run}/0.json      null

Each is written only if absent. Values are objects `{run}/{index}.json`, so their names tell the progress.
"""

import json

from runtime.orchestration.envelope import EnvelopeError, encode
from runtime.orchestration.stage import NOTHING, parse_key, value_name
from scripts.client import objects
from scripts.client.aws import Role
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress

_FAN_OUT = ".unum_map"
_FAN_IN = ".sync"


class S3Triggers(Orchestration):
    """A run of Lambdas that objects set off."""

    service = None
    buckets = ("input", "mapper_output", "reducer_input", "reducer_output")
    starts_piecemeal = True

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._reducers: int | None = None

    def start(self, chunks: list[Chunk], *, attended: bool) -> None:
        """Write the fan-out's size, then its values."""
        role: Role
        if chunks:
            role, bookkeeping, size = "input", _FAN_OUT, len(chunks)
            values = {value_name(index): encode(chunk) for index, chunk in enumerate(chunks, 1)}
        else:
            role, bookkeeping, size = "mapper_output", _FAN_IN, 0
            values = {value_name(NOTHING): encode(None)}
        bucket = self.aws.store(role)
        objects.ensure(bucket, self._key(bookkeeping), encode({"Size": size}))
        objects.ensure_all(bucket, {self._key(name): body for name, body in values.items()})

    def progress(self, mappers: int | None) -> Progress:
        """Count values."""
        mapped = self._count("mapper_output")
        if mappers is None or mapped < mappers:
            return Progress(mapped)
        if self._reducers is None:
            fan_out = objects.read(self.aws.store("reducer_input", patient=False), self._key(_FAN_OUT))
            if fan_out is None:
                return Progress(mapped)
            self._reducers = int(json.loads(fan_out)["Size"])
        return Progress(mapped, self._count("reducer_output"), self._reducers)

    def _count(self, role: Role) -> int:
        keys = objects.names(self.aws.store(role, patient=False), f"{self.run_id}/")
        return sum(_is_value(key) for key in keys)

    def _key(self, name: str) -> str:
        return f"{self.run_id}/{name}"


def _is_value(key: str) -> bool:
    try:
        return parse_key(key)[1] != NOTHING
    except EnvelopeError:
        return False
