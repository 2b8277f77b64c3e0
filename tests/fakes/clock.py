"""Time that passes only when someone sleeps."""

from runtime.orchestration.http_sync_s3.fan_in import Clock


class FakeTime:
    """Give `clock` to what waits.

    Attributes:
        seconds: the present, since the epoch.
        pauses: how long each sleep was.
    """

    def __init__(self, seconds: float = 1_000_000.0) -> None:
        self.seconds = seconds
        self.pauses: list[float] = []
        self.clock = Clock(lambda: self.seconds, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds
