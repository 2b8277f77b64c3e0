"""Words without regard to case and punctuation: `The`, `the` and `"the,"` are one word."""

import re

from runtime.mapreduce import emit_all

_WORD = re.compile(r"\w+(?:['’-]\w+)*")


def user_map(text: str) -> None:
    """Emit each word of the text in its folded form, in which `STRASSE` and `Straße` are the same."""
    emit_all(_WORD.findall(text.casefold()))
