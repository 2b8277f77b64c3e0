"""Time that passes only when someone sleeps."""

from runtime.clock import Clock


class FakeTime(Clock):
    """A clock whose pauses take no time.

    Attributes:
        seconds: the present, since the epoch.
        pauses: how long each sleep was.
        chance: what `random` returns.
    """

    def __init__(self, seconds: float = 1_000_000.0, chance: float = 1.0) -> None:
        self.seconds, self.chance = seconds, chance
        self.pauses: list[float] = []

    def time(self) -> float:
        """Return the present."""
        return self.seconds

    monotonic = time

    def sleep(self, seconds: float) -> None:
        """Move the present on."""
        self.pauses.append(seconds)
        self.seconds += seconds

    def random(self) -> float:
        """Return `chance`."""
        return self.chance


class Hasty(Clock):
    """The machine's clock, by which pauses are short.

    Attributes:
        ahead: how many seconds it has been put forward.
    """

    ahead = 0.0

    def time(self) -> float:
        """Return the machine's time, put forward."""
        return super().time() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Let a part of the seconds pass."""
        super().sleep(seconds / 200)


class ShortPauses(Clock):
    """The machine's clock, by which a request is made again nearly at once."""

    def random(self) -> float:
        """Return a hundredth of what it might be."""
        return super().random() / 100
