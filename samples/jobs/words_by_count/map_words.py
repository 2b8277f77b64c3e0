"""First step: words without regard to case."""

from runtime.mapreduce import emit_all


def user_map(text: str) -> None:
    """Emit each word."""
    emit_all(text.casefold().split())
