"""Lambda's context object, as far as the runtime uses it."""

import time
import uuid


class FakeContext:
    """An invocation that may take `timeout_seconds` from now."""

    def __init__(self, timeout_seconds: float = 60.0, request_id: str | None = None) -> None:
        self.aws_request_id = request_id or str(uuid.uuid4())
        self._ends = time.monotonic() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation's end, never less than 0."""
        return max(0, int((self._ends - time.monotonic()) * 1000))
