"""The body of a pair whose value is not 1.

    {"mapper": 3, "number": 0, "occurrence": 0, "value": {"sum": 17.5, "times": 2}}

`number` says which of all pairs of this word it is in that mapper, from 0 on: it gives the values of a word their order.
`occurrence` says how often the mapper had emitted this very pair before. `word` is there, too, if it is too long for a key.
"""

import json
from typing import NoReturn

from runtime.mapreduce.values import Json, canonical, shown
from runtime.record import record

_FIELDS = {"mapper", "number", "occurrence", "value"}


@record
class Body:
    """What a body says.

    Attributes:
        word: the word, if its key can't hold it.
    """

    mapper: int
    number: int
    occurrence: int
    value: Json
    word: str | None = None

    def to_bytes(self) -> bytes:
        """The object's bytes."""
        fields = {name: getattr(self, name) for name in self.__match_args__ if name != "word" or self.word is not None}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def parse(cls, data: bytes, is_long: bool) -> "Body":
        """Read an object's bytes; `is_long` says whether the word must be in them.

        Raises:
            ValueError: no mapper writes that; the message says why.
        """
        try:
            fields = json.loads(data.decode(), parse_constant=_refuse)
        except RecursionError:
            raise ValueError("its JSON is nested too deep") from None
        except ValueError as error:
            raise ValueError(f"it is no JSON: {error}") from None
        wanted = _FIELDS | {"word"} if is_long else _FIELDS
        if not isinstance(fields, dict) or fields.keys() != wanted:
            raise ValueError(f"it must be an object with {', '.join(sorted(wanted))}")
        for name, least in (("mapper", 1), ("number", 0), ("occurrence", 0)):
            if type(fields[name]) is not int or fields[name] < least:
                raise ValueError(f'"{name}" must be a whole number from {least} on; got {shown(fields[name])}')
        if is_long and not isinstance(fields["word"], str):
            raise ValueError(f'"word" must be a string; got {shown(fields["word"])}')
        try:
            value = canonical(fields["value"])
        except (TypeError, ValueError) as error:
            raise ValueError(f"its value can't have been emitted: {error}") from None
        return cls(fields["mapper"], fields["number"], fields["occurrence"], value, fields.get("word"))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")
