"""Second step: the words that the first step has counted, by their counts."""

from runtime.mapreduce import Source, emit, records


def user_map(text: str, source: Source) -> None:
    """Emit each word of records such as `["tide", 3]` under its count, `"3"`."""
    for word, count in records(text, source):
        emit(str(count), word)
