"""How often an event is delivered. AWS promises at least once; ministack delivers exactly once, until a test asks for more."""


class Deliveries:
    """`times` holds for each event that is taken in from then on, asynchronous or of a stream."""

    MOST = 9

    def __init__(self) -> None:
        self.times = 1

    def set(self, text: str) -> bool:
        """Take "1" to "9"; whether it was that."""
        if text not in map(str, range(1, self.MOST + 1)):
            return False
        self.times = int(text)
        return True
