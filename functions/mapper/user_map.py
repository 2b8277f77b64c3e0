"""The programmer's map function: what to emit for a piece of text. Replace the body with your own.

It calls `emit(word)` or `emit(word, value)`, also from threads and tasks that it waits for, or yields pairs `(word, value)`, and
returns nothing. A value is any that JSON has, and 1 where none is given. `emit_all(words)` is `emit(word)` for each, and quicker.
"""

from runtime.mapreduce import emit


def user_map(text: str) -> None:
    """Emit each word of `text`, once for each time it occurs."""
    for word in text.split():
        emit(word)
