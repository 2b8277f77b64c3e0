"""The envelope: what wrappers pass to each other, whatever carries it.

A plain value, an element of a fan-out, and a fan-in::

    {"Session": "20261123-a1", "Data": {"Source": "http", "Value": [{"text": "to be"}]}}

    {"Session": "20261123-a1", "Data": {"Source": "http", "Value": {"text": "to be"}}, "Fan-out": {"Index": 1, "Size": 6}}

    {"Session": "20261123-a1", "Data": {"Source": "s3", "Value": {"Directory": "square/", "Size": 6}}}

`Data` is a datum. `{"Source": "http", "Value": ...}` carries the value. `{"Source": "s3", "Value": "square.input/3.json"}` is a
claim check: the value lies in the returns bucket under that key of the run. A `Directory` stands for all return values of a
fan-out, in the store that `Source` names: `s3`, `dynamodb` or `redis`.

A list of data is an array whose elements travel each in its own way: some in the envelope, some as claim checks. A fan-in may get
its branches' values as a list. The entry function may get what it fans out over as a list, and passes the claim checks in it on
as they are. A list that is itself too large lies in the returns bucket::

    {"Source": "s3", "Value": {"Elements": "split.input/1.json"}}

Pointers are relative to `{returns bucket}/{run}/`, so that no envelope can point outside its own run.
"""

import json
import re
from typing import Any

from runtime.encoding import encode
from runtime.record import field, record

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FUNCTION = r"[a-z_][a-z0-9_]*"
_POINTER = re.compile(rf"{_FUNCTION}(\.input)?/[1-9][0-9]*\.json")
_DIRECTORY = re.compile(rf"{_FUNCTION}/")
_LAST_SECONDS = 1e11
_FIELDS = ("Session", "Data", "Fan-out")

SEPARATOR_BYTES = 2
"""Between two elements of an array in a function's answer."""

MAX_SIZE = 1_000_000
"""Branches of a fan-out. A function that gathers a larger one, forged or not, would run out of memory before it could say so."""


class EnvelopeError(ValueError):
    """An event is no envelope of ours; the message says which field is wrong."""


@record
class Inline:
    """A value that travels in the envelope."""

    value: Any

    def json(self) -> dict[str, Any]:
        """The datum as it travels."""
        return {"Source": "http", "Value": self.value}


@record
class Pointer:
    """A claim check: key of a JSON value, relative to the run's directory in the returns bucket."""

    key: str

    def json(self) -> dict[str, Any]:
        """The datum as it travels."""
        return {"Source": "s3", "Value": self.key}


@record
class Elements:
    """An array of data: key of the JSON list of them, relative to the run's directory in the returns bucket."""

    key: str

    def json(self) -> dict[str, Any]:
        """The datum as it travels."""
        return {"Source": "s3", "Value": {"Elements": self.key}}


@record
class Directory:
    """All return values of a fan-out, numbered from 1 to `size`; `source` names the store that holds them."""

    function: str
    size: int
    source: str = "s3"

    def json(self) -> dict[str, Any]:
        """The datum as it travels."""
        return {"Source": self.source, "Value": {"Directory": f"{self.function}/", "Size": self.size}}


Datum = Inline | Pointer | Elements | Directory


@record
class FanOut:
    """Which of a fan-out's branches this is: `index` from 1 to `size`.

    `directory` is where the branches leave their return values, `"square/"`, for orchestrations that have such a place.
    """

    index: int
    size: int
    directory: str | None = None

    @classmethod
    def parse(cls, fan_out: Any) -> "FanOut":
        """Read the field `Fan-out`. Raises EnvelopeError."""
        match fan_out:
            case {"Index": int(index), "Size": int(size)} if (
                not isinstance(index, bool) and not isinstance(size, bool) and 1 <= index <= size <= MAX_SIZE
            ):
                return cls(index, size, fan_out.get("Directory"))
        raise EnvelopeError(f'"Fan-out" needs an "Index" from 1 to its "Size", and that at most {MAX_SIZE}: {fan_out!r:.200}')

    def json(self) -> dict[str, Any]:
        """The field as it travels."""
        directory = {} if self.directory is None else {"Directory": self.directory}
        return {"Index": self.index, "Size": self.size, **directory}


@record
class Envelope:
    """One envelope: built to be sent, or parsed from an event.

    Attributes:
        run_id: of the run that it belongs to.
        data: what the function is given; a list where each element of an array travels in its own way.
        fan_out: which branch it is for, within a fan-out.
        more: what one orchestration adds for itself, by field, such as `{"Deadline": 1795456274.1}`.
    """

    run_id: str
    data: Datum | list[Datum]
    fan_out: FanOut | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, event: object) -> "Envelope":
        """Read an event.

        Raises:
            EnvelopeError: a field is missing, of the wrong type or out of range, or a pointer leaves the run's directory.
        """
        if not isinstance(event, dict) or not is_envelope(event):
            raise EnvelopeError(f'not an envelope, "Session" and "Data" are missing: {event!r:.200}')
        run_id, data, fan_out = checked_run_id(event["Session"]), event["Data"], event.get("Fan-out")
        parsed = [parse_datum(item) for item in data] if isinstance(data, list) else parse_datum(data)
        more = {name: value for name, value in event.items() if name not in _FIELDS}
        return cls(run_id, parsed, None if fan_out is None else FanOut.parse(fan_out), more)

    def json(self) -> dict[str, Any]:
        """The event as it travels: what `parse` reads."""
        data = [datum.json() for datum in self.data] if isinstance(self.data, list) else self.data.json()
        fan_out = {} if self.fan_out is None else {"Fan-out": self.fan_out.json()}
        return {"Session": self.run_id, "Data": data, **fan_out, **self.more}


def is_envelope(event: object) -> bool:
    """Whether an event is meant as an envelope, right or wrong."""
    return isinstance(event, dict) and "Session" in event and "Data" in event


def checked_run_id(run_id: object) -> str:
    """The run id, if it is one. Raises EnvelopeError: it could leave its prefix, or is no string."""
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise EnvelopeError(f'"Session" is no run id (1 to 64 letters, digits, "-", "_"): {run_id!r:.200}')
    return run_id


def checked_time(name: str, time: object) -> float:
    """Return a field's seconds since the epoch. Infinity and NaN are refused, since a comparison with them never ends a wait.

    Raises:
        EnvelopeError: the field holds no such time.
    """
    if not isinstance(time, int | float) or isinstance(time, bool) or not 0 <= time <= _LAST_SECONDS:
        raise EnvelopeError(f'"{name}" is no time in seconds since the epoch: {time!r:.200}')
    return float(time)


def parse_datum(datum: object) -> Datum:
    """Read one datum. Raises EnvelopeError: it is neither a value nor a pointer into the run's directory."""
    match datum:
        case {"Source": "http", "Value": value}:
            return Inline(value)
        case {"Source": "s3", "Value": str(key)} if _POINTER.fullmatch(key):
            return Pointer(key)
        case {"Source": "s3", "Value": {"Elements": str(key)}} if _POINTER.fullmatch(key):
            return Elements(key)
        case {"Source": "s3" | "dynamodb" | "redis" as source, "Value": {"Directory": str(name), "Size": int(size)}} if (
            _DIRECTORY.fullmatch(name) and not isinstance(size, bool) and 0 <= size <= MAX_SIZE
        ):
            return Directory(name.removesuffix("/"), size, source)
    raise EnvelopeError(f'"Data" is neither a value nor a pointer into this run: {datum!r:.200}')


def parse_list(key: str, listed: object) -> list[Datum]:
    """Read what lies where `Elements` points to. Raises EnvelopeError: it is no list of data."""
    if not isinstance(listed, list):
        raise EnvelopeError(f"{key} must hold a list of data: {listed!r:.200}")
    return [parse_datum(datum) for datum in listed]


def answer_bytes(value: Any) -> int:
    """Bytes of a value in a function's answer, which is never fewer than in a payload that `encode` makes.

    Lambda's own runtime writes an answer: with a blank after each comma and colon, and before Python 3.12 with all but ASCII
    escaped (https://github.com/aws/aws-lambda-python-runtime-interface-client). The longer form is taken everywhere.

    Raises:
        TypeError, ValueError: the value is no JSON, as for `encode`.
    """
    encode(value)
    return len(json.dumps(value))
