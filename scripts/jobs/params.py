"""`--param name=value`: parameters of one run, in the place of the job's own of the same names."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.mapreduce.values import canonical


class ParamError(Exception):
    """A parameter can't be understood; the message says what to write."""


def with_params(own: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
    """The parameters of a job, with those that were given, each `name=value`, in the place of its own.

    A value is read as JSON, and is text if it is none: 3 is a number, true a truth value, [1, 2] a list, and abc text. Where the
    job's own value is text, the given one is text as it stands.

    Raises:
        ParamError: there is no `=`, or no name, or a name twice, or the value is no JSON that can travel.
    """
    made: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise ParamError(f"--param {each}: write name=value")
        if name in made:
            raise ParamError(f"--param {name} is given twice")
        made[name] = value if isinstance(own.get(name), str) else _read(name, value)
    return {**own, **made}


def _read(name: str, value: str) -> Any:
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return value
    try:
        return canonical(read)
    except (TypeError, ValueError) as error:
        raise ParamError(f"--param {name}={value:.100}: {error}") from None
