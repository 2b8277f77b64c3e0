"""The same counts as the repository's own job, by one call for a whole text in place of one for each word."""

from runtime.mapreduce import emit_all


def user_map(text: str) -> None:
    """Emit each word of `text`, once for each time it occurs."""
    emit_all(text.split())
