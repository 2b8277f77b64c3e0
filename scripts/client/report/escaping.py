"""Text from words and errors, made safe to print on a terminal."""

_JOINERS = "\u200c\u200d"
"""Harmless, and part of words and emoji: zero-width non-joiner and joiner."""


def visible(text: str) -> str:
    """The text with all that a terminal could act on (control characters, direction overrides) as an escape such as `\\x1b`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, width: int) -> str:
    """At most `width` characters; a longer text ends in an ellipsis and its length."""
    if len(text) <= width:
        return text
    told = f"… ({len(text)} characters)"
    return text[: width - len(told)] + told
