"""Words and the files in which they occur."""

import re

from runtime.mapreduce import Source, emit

_WORD = re.compile(r"\w+")


def user_map(text: str, source: Source) -> None:
    """Emit the name of the text's file once for each different word."""
    for word in set(_WORD.findall(text.casefold())):
        emit(word, source.name)
