"""What a component needs of AWS, written beside it in `functions/{function}/needs.json`. All keys may be left out::

    {"input": "chunks",                              a run's text is cut into chunks, one for each branch of this function
     "destination": "destination",                   the field of its event that names a bucket: the deployment's own
     "counts": true,                                 the programmer's functions that it calls may call `count`
     "emits": true,                                  it waits for S3, nobody can tell how long: the longest time limit
     "memory_mb": {"default": 512, "packed": 1769},  by layout of the shuffle
     "grants": [{"sid": "EmitPairs", "actions": ["s3:PutObject"], "bucket": "shuffle", "keys": ["*/reducer*/*"]},
                {"sid": "ListPairs", "actions": ["s3:ListBucket"], "bucket": "shuffle", "prefixes": ["*/reducer*"]}]}

A grant's bucket is a role; the deployment makes a bucket for each. It has either `keys`, which are patterns of objects, or
`prefixes`, to which listing is bound.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.package.workflow.model import WorkflowError

NAME = "needs.json"

_GRANT = {"sid", "actions", "bucket"}


def read_needs(function: Path, shown: str | None = None) -> dict[str, Any]:
    """Read what the function in a folder needs; without the file it needs nothing.

    Raises:
        WorkflowError: the file says something that nobody reads.
    """
    path = function / NAME
    source = shown or f"functions/{function.name}/{NAME}"
    if not path.exists():
        return {}
    try:
        needs = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorkflowError(f"{source}: can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise WorkflowError(f"{source}: no JSON: {error}") from None
    if not isinstance(needs, dict):
        raise WorkflowError(f"{source}: must be an object")
    for key, value in needs.items():
        if key not in _CHECKS:
            raise WorkflowError(f'{source}: "{key}" is unknown; known are {", ".join(_CHECKS)}')
        if not _CHECKS[key][0](value):
            raise WorkflowError(f'{source}: "{key}" is {value!r:.200}; write {_CHECKS[key][1]}')
    return needs


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(map(_is_name, value))


def _is_grant(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() in (_GRANT | {"keys"}, _GRANT | {"prefixes"})
        and _is_name(value["sid"])
        and _is_name(value["bucket"])
        and all(_is_names(value[key]) for key in value.keys() - {"sid", "bucket"})
    )


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "input": (lambda value: value == "chunks", '"chunks", or leave it out'),
    "destination": (_is_name, "the name of a field"),
    "counts": (lambda value: isinstance(value, bool), "true or false"),
    "emits": (lambda value: isinstance(value, bool), "true or false"),
    "memory_mb": (
        lambda value: (
            isinstance(value, dict)
            and "default" in value
            and all(isinstance(mb, int) and not isinstance(mb, bool) and 128 <= mb <= 10240 for mb in value.values())
        ),
        'an object with "default" and, where they differ, layouts of the shuffle: whole MB from 128 to 10240',
    ),
    "grants": (
        lambda value: isinstance(value, list) and all(map(_is_grant, value)),
        'a list of objects with "sid", "actions", "bucket", and either "keys" or "prefixes"',
    ),
}
