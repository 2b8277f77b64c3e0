"""The names of pairs: the last step of their keys.

Inside a run a name is a UUIDv5 of what the pair is, so that a mapper that runs twice writes the same keys, even if its map
function visits the words in another order the second time, or in several threads:

    (word, 1)        run id, mapper, how often the mapper has emitted that before
    (word, value)    run id, mapper, how often the mapper has emitted that before, and the value

Outside a run it is random.
"""

import json
from uuid import UUID, uuid5

from runtime.mapreduce.objects.errors import OTHERWISE, ObjectsError
from runtime.mapreduce.values import Json

_NAMESPACE = UUID("6b1a3c1e-52d7-5d0f-9a57-0c0f2f6f4b1d")
"""Fixed for ever: another value would give a retried mapper of a running deployment new object names."""


def name_of_one(run_id: str, mapper: int, occurrence: int) -> UUID:
    """The name of a word with the value 1. It is the same for all words."""
    return uuid5(_NAMESPACE, f"{run_id}/{mapper}/{occurrence}")


def name_of_value(run_id: str, mapper: int, text: str, occurrence: int) -> UUID:
    """The name of a word with another value; `text` is what `text_of` makes of the value."""
    return uuid5(_NAMESPACE, f"{run_id}/{mapper}/{text}/{occurrence}")


def text_of(value: Json) -> str:
    """A text that is the same for equal values alone. Dicts are equal whatever the order of their keys."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class Mappers:
    """Finds out which mapper a pair with the value 1 came from. One serves all words of a run: the names are the same for all."""

    def __init__(self, run_id: str, mappers: int) -> None:
        self._run_id, self._mappers = run_id, mappers
        self._known: dict[bytes, int] = {}
        self._occurrences = 0

    def find(self, name: bytes, most: int) -> int:
        """The mapper's index.

        Args:
            name: the UUID's 16 bytes.
            most: more often than that, no mapper has emitted the pair.

        Raises:
            ObjectsError: the name is no mapper's of this run.
        """
        while (found := self._known.get(name)) is None and self._occurrences < most:
            for mapper in range(1, self._mappers + 1):
                self._known[name_of_one(self._run_id, mapper, self._occurrences).bytes] = mapper
            self._occurrences += 1
        if found is None:
            raise ObjectsError(f"no mapper of run {self._run_id} gives a pair the name {UUID(bytes=name)}; probably {OTHERWISE}")
        return found
