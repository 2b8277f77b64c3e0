"""The project's JSON."""

import json
from typing import Any


def parsed(text: str | bytes) -> Any:
    """What a JSON text holds; None if it is no JSON, or nested too deep."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def encode(value: Any) -> bytes:
    """JSON as every carrier and store of the project writes it: UTF-8, compact, nothing escaped that needs no escape.

    Raises:
        TypeError, ValueError: the value is no JSON (a component returned an object, NaN, or a lone surrogate).
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        near = text[max(error.start - 20, 0) : error.end + 20]
        raise ValueError(f"a lone surrogate is no valid Unicode text: near {near!r}") from None
