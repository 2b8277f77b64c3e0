"""An in-process Lambda service: runs the true wrapper of every function of an orchestration.

Asynchronous invocations run on threads, are repeated after an error, and after the last repetition go to the true failure
handler as AWS's on-failure destination does
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html). Events and answers pass through JSON,
as they do there, so that nothing but JSON can travel.
"""

import json
import threading
import traceback
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from runtime.orchestration import failure
from runtime.orchestration.edge import Edge
from runtime.orchestration.invoker import InvokeError
from runtime.orchestration.settings import Settings
from runtime.orchestration.wrapper import Wrapper, build
from scripts import paths
from scripts.package.functions import FAILURE, functions_of
from tests.fakes.bucketful import Buckets
from tests.fakes.context import FakeContext
from tests.fakes.waiting import wait_until

ACCOUNT = "123456789012"
REGION = "us-east-1"
RETRIES = 2
_THREADS = 12


class LambdaError(Exception):
    """A function raised; `answer` is what Lambda says then."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["errorType"], answer["errorMessage"])
        self.answer = answer


class Cluster:
    """The deployed functions of one orchestration. Close it: its threads end then.

    Attributes:
        accepted: every asynchronous invocation that was accepted, `(function, event)`, repetitions not counted.
        timeouts: seconds that an invocation of a function may take, by function; 60 for those not named.
        deliveries: how often each accepted event is delivered, at the same time.
        refusals: how many of the next invocations of a function are refused, by function.
    """

    def __init__(self, orchestration: str, buckets: Buckets, fan_in_wait_seconds: int = 60) -> None:
        self.prefix = f"wordcount-{orchestration}-"
        self.accepted: list[tuple[str, Any]] = []
        self.timeouts: dict[str, float] = {}
        self.deliveries = 1
        self.refusals: Counter[str] = Counter()
        self.components: dict[str, Wrapper] = {
            function: build(self._settings(orchestration, function, buckets, fan_in_wait_seconds), self.invoke_async)
            for function in functions_of(orchestration)
            if function != FAILURE
        }
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="lambda")
        self._lock = threading.Lock()
        self._busy = 0

    def _settings(self, orchestration: str, function: str, buckets: Buckets, fan_in_wait_seconds: int) -> Settings:
        next_file = paths.DEFINITIONS / orchestration / f"{function}.next"
        return Settings(
            orchestration=orchestration,
            function=function,
            function_prefix=self.prefix,
            returns_bucket=buckets.returns,
            results_bucket=buckets.results,
            fan_in_wait_seconds=fan_in_wait_seconds,
            edge=Edge.load(next_file) if next_file.exists() else None,
        )

    def arn(self, function: str) -> str:
        """The ARN of a function."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.prefix}{function}"

    def invoke(self, function: str, event: Any, context: FakeContext | None = None) -> Any:
        """Invoke synchronously.

        Raises:
            LambdaError: the function raised.
        """
        handler = failure.lambda_handler if function == FAILURE else self.components[function]
        context = context or FakeContext(self.timeouts.get(function, 60.0))
        try:
            return json.loads(json.dumps(handler(json.loads(json.dumps(event)), context)))
        except Exception as error:
            frames = traceback.format_tb(error.__traceback__)
            answer = {
                "errorType": type(error).__name__,
                "errorMessage": str(error),
                "stackTrace": frames,
                "requestId": context.aws_request_id,
            }
            raise LambdaError(answer) from error

    def invoke_async(self, function: str, event: Mapping[str, Any]) -> None:
        """Put an event into a function's queue; the wrappers' own way to invoke, and a client's.

        Raises:
            InvokeError: the test told it to refuse.
        """
        copied = json.loads(json.dumps(event))
        with self._lock:
            if self.refusals[function]:
                self.refusals[function] -= 1
                raise InvokeError(f"lambda:InvokeFunction on {function} failed: refused by the test")
            self.accepted.append((function, copied))
            self._busy += self.deliveries
        for _ in range(self.deliveries):
            self._pool.submit(self._deliver, function, copied)

    def wait_idle(self) -> None:
        """Return when no event waits and no function runs.

        Raises:
            TimeoutError: that took too long.
        """
        wait_until(lambda: self._busy == 0, "the functions to end")

    def close(self) -> None:
        """Drop what waits, and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, function: str, event: Any) -> None:
        try:
            # Lambda repeats an event under the same request id.
            request_id = FakeContext().aws_request_id
            for attempt in range(1, RETRIES + 2):
                context = FakeContext(self.timeouts.get(function, 60.0), request_id)
                try:
                    self.invoke(function, event, context)
                    return
                except LambdaError as error:
                    if attempt > RETRIES and function != FAILURE:
                        record = self._destination_record(function, event, request_id, error.answer)
                        self.invoke(FAILURE, record)
        finally:
            with self._lock:
                self._busy -= 1

    def _destination_record(self, function: str, event: Any, request_id: str, answer: dict[str, Any]) -> dict[str, Any]:
        return {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "requestContext": {
                "requestId": request_id,
                "functionArn": self.arn(function) + ":$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": RETRIES + 1,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": answer,
        }
