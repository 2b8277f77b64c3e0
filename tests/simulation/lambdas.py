"""Lambda: handlers as processes; queues, retries and destinations of asynchronous invocations; answers of synchronous ones.

An asynchronous event is delivered at least once, now and then late; or it is deleted, of which nobody is told. A failed attempt
is repeated twice, after one and two minutes, under the same request id, and what has then failed goes to the on-failure
destination: the function `recorder`, which is itself invoked asynchronously
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.aws.errors import RefusedError, TransportError
from runtime.aws.lambda_service import Invoked
from scripts.embedded.server.destination import failure_record
from tests.fakes import answers
from tests.simulation.faults import Faults, Lineage
from tests.simulation.requests import ALWAYS, WRITES, Requests
from tests.simulation.world import Killed, Process, World

RETRIES = 2
_RETRY_SECONDS = (60.0, 120.0)
_MOST_INVOCATIONS = 3000
"""More than any run needs: what goes on after that, goes on for ever. (A poller's hand-on that is duplicated makes two pollers,
which both hand on until the fan-in's time is up: hence so many.)"""

_ARN = "arn:aws:lambda:us-east-1:123456789012:function:"

Handler = Callable[[Any, Any], Any]
Ended = Callable[[Any, dict[str, Any] | None], None]


class Context:
    """Lambda's context object."""

    def __init__(self, world: World, ends: float, request_id: str) -> None:
        self.aws_request_id = request_id
        self._world, self._ends = world, ends

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation's end."""
        return max(0, int((self._ends - self._world.now) * 1000))


@dataclass(frozen=True)
class Event:
    """An asynchronous event in a function's queue."""

    function: str
    payload: bytes
    request_id: str
    lineage: Lineage


class Lambda:
    """The service.

    Attributes:
        processes: every invocation that began.
        ended_well: those that returned.
        never_begins: whether a function dies over an event before its first line.
    """

    def __init__(
        self, world: World, faults: Faults, handlers: Mapping[str, Handler], prefix: str, timeouts: Callable[[str], float]
    ) -> None:
        self._world, self._faults, self._handlers, self._prefix, self._timeouts = world, faults, handlers, prefix, timeouts
        self._requests = 0
        self.ended_well: set[Process] = set()
        self.invocations = 0
        self.never_begins: Callable[[str, Any], bool] = lambda *_: False

    def arn(self, function: str) -> str:
        """The ARN of a function."""
        return _ARN + self._prefix + function

    def request_id(self) -> str:
        """A new one."""
        self._requests += 1
        return f"request-{self._requests}"

    def run(self, function: str, payload: bytes, request_id: str, lineage: Lineage | None, ended: Ended) -> None:
        """Run an attempt; `ended(value, error)` is called when it has ended, `error` being Lambda's answer if it failed."""
        world, seconds = self._world, self._timeouts(function)
        self.invocations += 1
        if self.invocations > _MOST_INVOCATIONS:
            world.cut_short()
        event = json.loads(payload)
        context = Context(world, world.now + seconds, request_id)

        def body() -> tuple[Any, dict[str, Any] | None]:
            if self.never_begins(function, event):
                process.die("Runtime.ExitError")
            try:
                return json.loads(json.dumps(self._handlers[function](event, context))), None
            except Killed:
                raise
            except BaseException as error:
                return None, answers.raised(error, request_id)

        def over(outcome: Any, cause: str | None) -> None:
            if cause is not None:
                answer = None, {"errorType": cause, "errorMessage": f"RequestId: {request_id} Error: {cause}"}
            else:
                answer = outcome
                if answer[1] is None:
                    self.ended_well.add(process)
            if world.recording:
                world.trace(
                    process.name,
                    "ends",
                    "well" if answer[1] is None else f"{answer[1]['errorType']}: {answer[1]['errorMessage']}",
                )
            ended(*answer)

        process = world.start(f"{function}/{self.invocations} ({request_id})", seconds, body, over)
        process.function, process.lineage = function, lineage
        if world.recording:
            world.trace(process.name, "begins", payload.decode()[:300])

    def accept(self, function: str, payload: bytes, request_id: str | None = None) -> None:
        """Put an event into a function's queue."""
        faults, random = self._faults, self._world.random
        request_id = request_id or self.request_id()
        if not (faults.outlived_only and _is_awaited_by_none(payload)) and faults.of_delivery("lost for good"):
            return
        delay = random.uniform(0, 90) if faults.of_delivery("delayed") else random.uniform(0, 0.2)
        delays = [delay]
        if faults.of_delivery("duplicated"):
            delays.append(delay + random.expovariate(1))
        if faults.of_delivery("late duplicate"):
            delays.append(random.uniform(60, 900))
        for wait in delays:
            self._later(wait, Event(function, payload, request_id, Lineage()), 1)

    def _later(self, delay: float, event: Event, attempt: int) -> None:
        self._world.after(delay, lambda: self._deliver(event, attempt))

    def _deliver(self, event: Event, attempt: int) -> None:
        if self._faults.of_delivery("queued again"):
            self._later(self._world.random.uniform(1, 20), event, attempt)
            return

        def ended(value: Any, error: dict[str, Any] | None) -> None:
            if error is None:
                return
            if attempt <= RETRIES:
                self._later(_RETRY_SECONDS[attempt - 1], event, attempt + 1)
            elif event.function != "recorder":
                payload, arn = json.loads(event.payload), self.arn(event.function)
                told = failure_record(arn, payload, event.request_id, error, attempt, self._world.now)
                self.accept("recorder", json.dumps(told).encode())

        self.run(event.function, event.payload, event.request_id, event.lineage, ended)


class Client:
    """Stands for `LambdaClient`, in both of its uses."""

    def __init__(self, world: World, faults: Faults, requests: Requests, service: Lambda, prefix: str) -> None:
        self._world, self._faults, self._requests, self._service, self._prefix = world, faults, requests, service, prefix

    def invoke(self, name: str, payload: bytes, kind: str = "RequestResponse") -> Invoked:
        """Raises RequestError."""
        function = name.removeprefix(self._prefix)
        if kind == "Event":

            def accept() -> Invoked:
                self._service.accept(function, payload)
                return Invoked(b"")

            return self._requests.make(f"invoke {function}", accept, WRITES, _too_many)
        kinds = (*(kind for kind in ALWAYS if kind != "refused"), "conflict")
        return self._requests.make(f"call {function}", lambda: self._call(function, payload), kinds, _too_many, _too_many)

    def _call(self, function: str, payload: bytes) -> Invoked:
        caller: Any = self._requests.process
        event, strand = json.loads(payload), self._world.running
        if caller.lineage is None:
            # The client's own call: it is made once.
            lineage = Lineage(left=0)
        else:
            lineage = caller.calls.setdefault((function, str(event.get("Fan-out"))), Lineage(answers=1))
        cut = self._is_cut(caller, lineage)
        heard: list[tuple[Any, dict[str, Any] | None] | None] = []

        def hear(answer: tuple[Any, dict[str, Any] | None] | None) -> None:
            if heard:
                return
            heard.append(answer)
            if strand is not None and caller.alive:
                self._world.wake(strand)

        self._service.run(function, payload, self._service.request_id(), lineage, lambda *answer: hear(None if cut else answer))
        if cut:
            # Often while the function still runs.
            self._world.after(self._world.random.expovariate(2), lambda: hear(None))
        while not heard:
            self._world.block()
        if heard[0] is None:
            raise TransportError(TimeoutError(), sent=True)
        value, error = heard[0]
        return Invoked(json.dumps(value if error is None else error).encode(), failed=error is not None)

    def _is_cut(self, caller: Any, lineage: Lineage) -> bool:
        """Whether the caller gets no answer: for each function that it waits for, once where that must be survivable.

        Never where a function fails each time: its caller may then lack the time to ask again, and doesn't learn why it failed.
        """
        severity = self._faults.severity
        if caller.lineage is None or severity == "fatal" or (severity == "survivable" and lineage.answers <= 0):
            return False
        if self._faults.of_request(caller, ("lost answer",)) is None:
            return False
        lineage.answers -= 1
        return True


def _is_awaited_by_none(payload: bytes) -> bool:
    """Whether nobody waits for what comes of an envelope. (The last of the branches waits for the others.)"""
    match json.loads(payload):
        case {"Session": _, "Fan-out": {"Index": index, "Size": size}}:
            return bool(index >= size)
        case {"Session": _}:
            return True
    return False


def _too_many() -> Exception:
    return RefusedError(429, "TooManyRequestsException", "no")
