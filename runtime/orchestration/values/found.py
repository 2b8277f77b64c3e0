"""What a store has found. It is wrapped, because a stored value may itself be null."""

from typing import Any


class Found:
    """A stored value."""

    def __init__(self, value: Any) -> None:
        self.value = value
