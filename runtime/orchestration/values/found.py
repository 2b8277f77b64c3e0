"""What a store holds."""

from typing import Any


class Found:
    """A stored value."""

    def __init__(self, value: Any) -> None:
        self.value = value
