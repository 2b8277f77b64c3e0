"""The envelope: what wrappers pass to each other, whatever carries it.

A plain value, a fan-out's element and a fan-in::

    {"Session": "20261123-a1", "Data": {"Source": "http", "Value": [{"text": "to be", "destination": "b"}]}}

    {"Session": "20261123-a1", "Data": {"Source": "http", "Value": {"text": "to be", "destination": "b"}},
     "Fan-out": {"Index": 1, "Size": 6}}

    {"Session": "20261123-a1", "Data": {"Source": "s3", "Value": {"Directory": "mapper/", "Size": 6}}}

`Data` is a datum. `{"Source": "http", "Value": ...}` carries the value. `{"Source": "s3", "Value": "mapper.input/3.json"}`
is a claim check: the value lies in the returns bucket under that key of the run. A `Directory` there is a fan-in point: all
return values of a fan-out, in the store that `Source` names: `s3`, `dynamodb` or `redis`.

A list of data is an array whose elements travel each in its own way: some in the envelope, some as claim checks. A fan-in may get
its branches' values so. The entry function gets so what it fans out over, and passes claim checks on as they are. Where even the
list is too large, it lies in the returns bucket: `{"Source": "s3", "Value": {"Elements": "unum_map.input/1.json"}}`.

Pointers are relative to `{returns bucket}/{run}/`, so that no envelope can point outside its own run.
"""

import json
import re
from typing import Any

from runtime.encoding import encode
from runtime.record import record

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_POINTER = re.compile(r"[a-z_]+(\.input)?/[1-9][0-9]*\.json")
_DIRECTORY = re.compile(r"[a-z_]+/")
_LAST_SECONDS = 1e11

SEPARATOR_BYTES = 2
"""Between two elements of an array in a function's answer."""

MAX_SIZE = 1_000_000
"""Branches of a fan-out. A function that gathers a larger one, forged or not, would run out of memory before it could say so."""


class EnvelopeError(ValueError):
    """An event is no envelope of ours; the message says which field is wrong."""


@record
class FanOut:
    """Which of a fan-out's branches this is: `index` from 1 to `size`."""

    index: int
    size: int


@record
class Pointer:
    """A claim check: key of a JSON value, relative to the run's directory in the returns bucket."""

    key: str


@record
class Elements:
    """An array of data: key of the JSON list of them, relative to the run's directory in the returns bucket."""

    key: str


@record
class Directory:
    """A fan-in point: the return values `1.json` to `{size}.json` of one function."""

    function: str
    size: int


@record
class Inline:
    """A value that travels in the envelope."""

    value: Any


Datum = Inline | Pointer | Elements | Directory


@record
class Envelope:
    """A parsed envelope; `data` is a list where each element of an array travels in its own way."""

    run_id: str
    data: Datum | list[Datum]
    fan_out: FanOut | None = None


def checked_run_id(run_id: object) -> str:
    """The run id, if it is one.

    Raises:
        EnvelopeError: it could leave its prefix, or is no string.
    """
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise EnvelopeError(f'"Session" is no run id (1 to 64 letters, digits, "-", "_"): {run_id!r:.200}')
    return run_id


def is_envelope(event: object) -> bool:
    """Whether an event is meant as an envelope, right or wrong."""
    return isinstance(event, dict) and "Session" in event and "Data" in event


def parse(event: object) -> Envelope:
    """Read an event.

    Raises:
        EnvelopeError: a field is missing, of the wrong type or out of range, or a pointer leaves the run's directory.
    """
    if not isinstance(event, dict) or not is_envelope(event):
        raise EnvelopeError(f'not an envelope, "Session" and "Data" are missing: {event!r:.200}')
    run_id, data, fan_out = event["Session"], event["Data"], event.get("Fan-out")
    run_id = checked_run_id(run_id)
    parsed = [parse_datum(item) for item in data] if isinstance(data, list) else parse_datum(data)
    return Envelope(run_id, parsed, None if fan_out is None else _parse_fan_out(fan_out))


def parse_datum(datum: object) -> Datum:
    """Read one `Data`.

    Raises:
        EnvelopeError: neither a value nor a pointer into the run's directory.
    """
    match datum:
        case {"Source": "http", "Value": value}:
            return Inline(value)
        case {"Source": "s3", "Value": str(key)} if _POINTER.fullmatch(key):
            return Pointer(key)
        case {"Source": "s3", "Value": {"Elements": str(key)}} if _POINTER.fullmatch(key):
            return Elements(key)
        case {"Source": "s3" | "dynamodb" | "redis", "Value": {"Directory": str(name), "Size": int(size)}} if (
            _DIRECTORY.fullmatch(name) and not isinstance(size, bool) and 0 <= size <= MAX_SIZE
        ):
            return Directory(name.removesuffix("/"), size)
    raise EnvelopeError(f'"Data" is neither a value nor a pointer into this run: {datum!r:.200}')


def parse_list(key: str, listed: object) -> list[Datum]:
    """Read what lies where `Elements` points to.

    Raises:
        EnvelopeError: it is no list of data.
    """
    if not isinstance(listed, list):
        raise EnvelopeError(f"{key} must hold a list of data: {listed!r:.200}")
    return [parse_datum(datum) for datum in listed]


def _parse_fan_out(fan_out: object) -> FanOut:
    match fan_out:
        case {"Index": int(index), "Size": int(size)} if (
            not isinstance(index, bool) and not isinstance(size, bool) and 1 <= index <= size <= MAX_SIZE
        ):
            return FanOut(index, size)
    raise EnvelopeError(f'"Fan-out" needs an "Index" from 1 to its "Size", and that at most {MAX_SIZE}: {fan_out!r:.200}')


def checked_time(name: str, time: object) -> float:
    """Seconds since the epoch, if a field holds that: infinity and NaN would let whoever compares with them wait for ever.

    Raises:
        EnvelopeError: it is not.
    """
    if not isinstance(time, int | float) or isinstance(time, bool) or not 0 <= time <= _LAST_SECONDS:
        raise EnvelopeError(f'"{name}" is no time in seconds since the epoch: {time!r:.200}')
    return float(time)


def inline(value: Any) -> dict[str, Any]:
    """The datum that carries a value."""
    return {"Source": "http", "Value": value}


def pointer(key: str) -> dict[str, Any]:
    """The datum that is a claim check."""
    return {"Source": "s3", "Value": key}


def elements(key: str) -> dict[str, Any]:
    """The datum that points to a list of data."""
    return {"Source": "s3", "Value": {"Elements": key}}


def directory(function: str, size: int, source: str = "s3") -> dict[str, Any]:
    """The datum that points to the return values of a whole fan-out; `source` names their store."""
    return {"Source": source, "Value": {"Directory": f"{function}/", "Size": size}}


def answer_bytes(value: Any) -> int:
    """Bytes of a value in a function's answer, which is never fewer than in a payload that `encode` makes.

    Lambda's own runtime writes an answer: with a blank after each comma and colon, and before Python 3.12 with all but ASCII
    escaped (https://github.com/aws/aws-lambda-python-runtime-interface-client). The longer form is taken everywhere.

    Raises:
        TypeError, ValueError: the value is no JSON, as for `encode`.
    """
    encode(value)
    return len(json.dumps(value))
