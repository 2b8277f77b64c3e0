"""An in-process Lambda service: runs the true wrapper of every function of an orchestration.

Asynchronous invocations run on threads, are repeated after an error, and after the last repetition go to the true failure
handler as AWS's on-failure destination does
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html). Events and answers pass through JSON,
as they do there, so that nothing but JSON can travel. Synchronous invocations run on the caller's thread.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runtime.aws.errors import AnswerLost, FunctionFailed, InvokeError
from runtime.orchestration.settings import Settings
from runtime.orchestration.workflow.place import Place
from runtime.orchestration.wrapper import Wrapper, load_component, load_orchestration
from runtime.ports import ports, using
from runtime.record import replace
from scripts.embedded.server.destination import failure_record
from scripts.package.source import Source
from scripts.package.workflow.model import RECORDER
from tests.fakes import answers
from tests.fakes import recorder as failure
from tests.fakes.bucketful import Buckets
from tests.fakes.context import FakeContext
from tests.fakes.waiting import wait_until

ACCOUNT = "123456789012"
REGION = "us-east-1"
RETRIES = 2
_THREADS = 12


class Killed(BaseException):
    """Ends a function without a word, wherever a test raises it: out of time, or out of memory."""


class LambdaError(Exception):
    """A function raised; `answer` is what Lambda says then."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["errorType"], answer["errorMessage"])
        self.answer = answer


class Cluster:
    """The deployed functions of one orchestration. Close it: its threads end then. `settings` are further ones of all functions.

    Attributes:
        accepted: every asynchronous invocation that was accepted, `(function, event)`, repetitions not counted.
        called: every synchronous invocation by a function, `(function, event)`, in the order of their beginning.
        ports: the services of all functions: those in force where the cluster is made.
        timeouts: seconds that an invocation of a function may take, by function; 60 for those not named.
        deliveries: how often each accepted event is delivered, at the same time.
        refusals: how many of the next invocations of a function are refused, by function.
        lost_answers: how many of the next answers of a function, invoked synchronously, get lost, by function.
    """

    def __init__(self, orchestration: str, buckets: Buckets, fan_in_wait_seconds: int = 60, **settings: Any) -> None:
        self.prefix = f"wordcount-{orchestration}-"
        self.accepted: list[tuple[str, Any]] = []
        self.called: list[tuple[str, Any]] = []
        self.timeouts: dict[str, float] = {}
        self.deliveries = 1
        self.refusals: Counter[str] = Counter()
        self.lost_answers: Counter[str] = Counter()
        self.ports = ports()
        self.components: dict[str, Wrapper] = {
            place.name: self._wrapper(replace(self._settings(orchestration, place, buckets, fan_in_wait_seconds), **settings))
            for place in Source().places(orchestration)
        }
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="lambda")
        self._lock = threading.Lock()
        self._busy = 0

    def _wrapper(self, settings: Settings) -> Wrapper:
        made = load_orchestration(settings, self.invoke_as_functions_do)
        return Wrapper(settings, made, load_component(settings.function), kills=(Killed,))

    def _settings(self, orchestration: str, place: Place, buckets: Buckets, fan_in_wait_seconds: int) -> Settings:
        return Settings(
            orchestration=orchestration,
            function=place.name,
            function_prefix=self.prefix,
            returns_bucket=buckets.returns,
            results_bucket=buckets.results,
            fan_in_wait_seconds=fan_in_wait_seconds,
            place=place,
            buckets={**buckets.stages, "shuffle": buckets.shuffle},
            tables=buckets.tables.names,
        )

    def arn(self, function: str) -> str:
        """The ARN of a function."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.prefix}{function}"

    def invoke(self, function: str, event: Any, context: FakeContext | None = None) -> Any:
        """Invoke synchronously.

        Raises:
            LambdaError: the function raised.
        """
        handler = failure.lambda_handler if function == RECORDER else self.components[function]
        context = context or FakeContext(self.timeouts.get(function, 60.0))
        try:
            with using(self.ports):
                return json.loads(json.dumps(handler(json.loads(json.dumps(event)), context)))
        except Killed as killed:
            raise LambdaError(answers.exited("signal: killed", context.aws_request_id)) from killed
        except BaseException as error:
            raise LambdaError(answers.raised(error, context.aws_request_id)) from error

    def invoke_as_functions_do(self, function: str, event: Mapping[str, Any], deadline: float | None = None) -> Any:
        """The wrappers' own way to invoke, see `contract.Invoke`.

        Raises:
            FunctionFailed: the function, invoked synchronously, raised.
            AnswerLost: the test told it to lose the answer.
            InvokeError: the test told it to refuse.
        """
        if deadline is None:
            return self.invoke_async(function, event)
        copied = json.loads(json.dumps(event))
        with self._lock:
            self._refuse(function)
            self.called.append((function, copied))
        for _ in range(self.deliveries - 1):
            self.submit(lambda: self.invoke(function, copied))
        try:
            answer = self.invoke(function, copied)
        except LambdaError as error:
            raise FunctionFailed(self.prefix + function, error.answer) from error
        with self._lock:
            if self.lost_answers[function]:
                self.lost_answers[function] -= 1
                raise AnswerLost(f"{function} was invoked, but gave no answer: the test lost it")
        return answer

    def invoke_async(self, function: str, event: Mapping[str, Any]) -> None:
        """Put an event into a function's queue, as wrappers, clients and S3 do.

        Raises:
            InvokeError: the test told it to refuse.
        """
        copied = json.loads(json.dumps(event))
        with self._lock:
            self._refuse(function)
            self.accepted.append((function, copied))
        for _ in range(self.deliveries):
            self.submit(lambda: self._deliver(function, copied))

    def submit(self, work: Callable[[], object]) -> None:
        """Do something on the cluster's threads; it counts as a function that runs."""
        with self._lock:
            self._busy += 1
        self._pool.submit(self._do, work)

    def wait_idle(self) -> None:
        """Return when no event waits and no function runs.

        Raises:
            TimeoutError: that took too long.
        """
        wait_until(lambda: self._busy == 0, "the functions to end")

    def close(self) -> None:
        """Drop what waits, and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._busy -= 1

    def _refuse(self, function: str) -> None:
        if self.refusals[function]:
            self.refusals[function] -= 1
            raise InvokeError(f"lambda:InvokeFunction on {function} failed: refused by the test")

    def _deliver(self, function: str, event: Any) -> None:
        # Lambda repeats an event under the same request id.
        request_id = FakeContext().aws_request_id
        for attempt in range(1, RETRIES + 2):
            context = FakeContext(self.timeouts.get(function, 60.0), request_id)
            try:
                self.invoke(function, event, context)
                return
            except LambdaError as error:
                if attempt > RETRIES and function != RECORDER:
                    record = failure_record(self.arn(function), event, request_id, error.answer, attempt, time.time())
                    self.invoke(RECORDER, record)
