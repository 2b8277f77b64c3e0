"""JSON to elements. An element is one chunk's text and what its author said about it.

Accepted, alone or mixed in one array:

    {"data": [{"text": "to be", "destination": "bucket/prefix", "numReducer": 3}, ...]}      the last two optional
    [{"text": "to be"}, ...]
    ["to be", "or not to be"]
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from runtime.mapreduce.keys import MAX_NUM_REDUCER
from scripts.client.errors import InputError
from scripts.client.input.ranges import text_bytes
from scripts.client.input.sizing import utf8_bytes

_FIELDS = {
    "text": (str, "a string"),
    "destination": (str | None, '"bucket" or "bucket/prefix"'),
    "numReducer": (int | None, f"a whole number from 1 to {MAX_NUM_REDUCER}"),
}
_EXPECTED = '{"data": [{"text": ...}, ...]}, or an array of such chunks or of strings'


@dataclass(frozen=True)
class Element:
    """One element of the input: its text, and destination and number of reducers where given.

    Attributes:
        beside: what a chunk says beside its text, such as the file's name; or `{"pieces": [...]}`, and then that is its text.
    """

    text: str = ""
    destination: str | None = None
    num_reducer: int | None = None
    beside: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Element":
        """The element of such a `content`."""
        beside = dict(content)
        return cls(beside.pop("text", ""), beside=beside)

    @property
    def content(self) -> dict[str, Any]:
        """What a mapper is given to read."""
        return self.beside if "pieces" in self.beside else {"text": self.text} | self.beside


def joined_in(content: dict[str, Any]) -> str:
    """All words of the texts that travel in a chunk."""
    return " ".join(texts_in(content))


def texts_in(content: dict[str, Any]) -> Iterator[str]:
    """The texts that travel in a chunk, without those that its mapper reads in S3."""
    return (piece["text"] for piece in _pieces(content) if "text" in piece)


def bytes_in(content: dict[str, Any]) -> int:
    """How much a chunk gives its mapper to read, in bytes of UTF-8; of a compressed object in S3, about."""
    return sum(
        utf8_bytes(piece["text"]) if "text" in piece else text_bytes(piece["url"], piece["end"] - piece["start"])
        for piece in _pieces(content)
    )


def _pieces(content: dict[str, Any]) -> list[dict[str, Any]]:
    pieces: list[dict[str, Any]] = content.get("pieces", [content])
    return pieces


def parse_json(name: str, document: str) -> tuple[list[Element], list[str]]:
    """The elements of a JSON document, and notices about what is ignored in it. A blank document has no elements.

    Raises:
        InputError: not JSON (names line and column), or of another shape (names the element, what it is, what it should be).
    """
    if not document.strip():
        return [], []
    value = load_json(name, document, _EXPECTED)
    where = ""
    if isinstance(value, dict):
        if "data" not in value:
            keys = ", ".join(map(repr, list(value)[:5])) or "no key"
            raise InputError(f'{name} holds an object without "data" (found {keys}); expected {_EXPECTED}')
        where, value = "data", value["data"]
    if not isinstance(value, list):
        raise InputError(f"{name}: {where or 'the document'} is {kind_of(value)}; expected {_EXPECTED}")
    unknown: dict[str, None] = {}
    elements = [_element(f"{name}: {where}[{i}] (element {i + 1})", item, unknown) for i, item in enumerate(value)]
    if not unknown:
        return elements, []
    return elements, [f"{name}: ignored unknown keys {', '.join(map(repr, unknown))}; known are {', '.join(_FIELDS)}"]


def load_json(name: str, document: str, expected: str) -> Any:
    """The value of a JSON document. Raises InputError: it is none; names line and column."""
    try:
        return json.loads(document, object_pairs_hook=_without_twins)
    except json.JSONDecodeError as error:
        raise InputError(f"{name} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InputError(f"{name} is nested too deeply; expected {expected}") from None
    except ValueError as error:
        raise InputError(f"{name} is not JSON that can be read: {error}") from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, none of whose keys stands twice: which of the two values was meant, nobody can tell."""
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, number in Counter(key for key, _ in pairs).items() if number > 1)
        raise ValueError(f"an object has the key {twice[:100]!r} twice; keep one of them")
    return made


def _element(where: str, item: Any, unknown: dict[str, None]) -> Element:
    if isinstance(item, str):
        return Element(_text(where, item))
    if not isinstance(item, dict):
        raise InputError(f'{where} is {kind_of(item)}; expected a string or {{"text": ...}}')
    if "text" not in item:
        raise InputError(f'{where} has no "text"; expected {{"text": string, "destination": optional, "numReducer": optional}}')
    for name, (kind, expected) in _FIELDS.items():
        value = item.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(f'{where}: "{name}" is {kind_of(value)}; expected {expected}')
    number = item.get("numReducer")
    if number is not None and not 1 <= number <= MAX_NUM_REDUCER:
        raise InputError(f'{where}: "numReducer" is {str(number)[:40]}; expected 1 to {MAX_NUM_REDUCER}')
    unknown.update(dict.fromkeys(key for key in item if key not in _FIELDS))
    return Element(_text(where, item["text"]), item.get("destination"), number)


def _text(where: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{where}: the text has a lone surrogate (\\u{ord(text[error.start]):04x}) at character {error.start + 1},"
            " which is half a character and no valid Unicode; write the pair or remove it"
        ) from None
    return text


def kind_of(value: Any) -> str:
    """A JSON value in words, such as `an object` or `a number 3`."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    shown = "" if value is None or isinstance(value, (dict, list)) else json.dumps(value)
    return f"{names.get(type(value), 'a number')} {shown[:40]}".strip()
