"""Asynchronous invocations: a queue before the workers, and no event lost."""

import contextvars
import heapq
import itertools
import json
import logging
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from scripts.embedded.server import permissions
from scripts.embedded.server.deliveries import Deliveries
from scripts.embedded.server.destination import failure_record
from scripts.embedded.server.patching import module, wrap
from scripts.embedded.server.repairs.invocations import attempt
from scripts.embedded.server.slots import Slots, Ticket

_DESTINATION_ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}
_LONGEST_THROTTLE_SECONDS = 1.0
_logger = logging.getLogger("embedded.asynchronous")


def queue_events(slots: Slots, deliveries: Deliveries) -> None:
    """Replace ministack's one thread and one process for each asynchronous event by a queue before `slots`.

    - 300 events at once would start some 200 Python processes; here they wait their turn.
    - ministack counts a throttled attempt as a failed one, and so loses events after three throttles. AWS puts the event
      back and tries again, until the event's maximum age. So here.
    - The failure destination gets AWS's whole record; ministack leaves out request id, version and time.
    - It gets it only when the function's role may send it there; ministack asks nobody.

    Unneeded once tests/embedded/test_functions.py::test_throttled_events_are_not_lost passes without it.
    """
    lambda_svc = module(
        "services.lambda_svc",
        """
        _execute_function, _run_with_function_config_scope, _get_func_record_for_ref, _execution_record_for_config,
        _route_async_failure, _reserved_concurrency, _LAMBDA_ASYNC_RETRY_BASE_SECONDS, _LAMBDA_ASYNC_RETRY_MAX_SECONDS
        """,
    )
    queue = AsynchronousQueue(lambda_svc, slots, deliveries)

    @wrap(lambda_svc, "invoke_async_with_retry")
    def invoke(_original: Any, func: Any, event: Any) -> None:
        queue.submit(func, event)


@dataclass
class Event:
    """One asynchronous event on its way; `created` is on the monotonic clock."""

    func: dict[str, Any]
    payload: Any
    context: contextvars.Context
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: float = field(default_factory=time.monotonic)
    attempts: int = 0
    throttles: int = 0

    @property
    def config(self) -> dict[str, Any]:
        return self.func.get("config") or self.func

    @property
    def settings(self) -> dict[str, Any]:
        """The function's event invoke config (retries, age, destination)."""
        return self.func.get("event_invoke_config") or (self.func.get("event_invoke_configs") or {}).get("$LATEST") or {}


class AsynchronousQueue:
    """One dispatcher thread, which starts each due event as soon as there is a place for it."""

    def __init__(self, lambda_svc: Any, slots: Slots, deliveries: Deliveries) -> None:
        self._lambda = lambda_svc
        self._slots = slots
        self._deliveries = deliveries
        self._order = itertools.count()
        self._due: list[tuple[float, int, Event]] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._dispatch, name="async-dispatcher", daemon=True).start()

    def submit(self, func: dict[str, Any], event: Any) -> None:
        """Take an event; return at once. Each delivery of it is retried by itself."""
        for _ in range(self._deliveries.times):
            self._push(Event(func, event, contextvars.copy_context()), delay_seconds=0.0)

    def _push(self, event: Event, delay_seconds: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay_seconds, next(self._order), event))
            self._changed.notify()

    def _next(self) -> Event:
        with self._changed:
            while True:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)

    def _dispatch(self) -> None:
        while True:
            event = self._next()
            ticket = self._slots.take()
            threading.Thread(target=self._attempt, args=(event, ticket), name="async-invocation", daemon=True).start()

    def _attempt(self, event: Event, ticket: Ticket) -> None:
        try:
            result = event.context.copy().run(attempt, event.func, event.payload, ticket, event.request_id)
        finally:
            self._slots.give(ticket)
        if result.get("throttle"):
            self._throttled(event, result)
        elif result.get("error"):
            self._failed(event, result)

    def _throttled(self, event: Event, result: dict[str, Any]) -> None:
        delay = min(self._lambda._LAMBDA_ASYNC_RETRY_BASE_SECONDS * 2**event.throttles, _LONGEST_THROTTLE_SECONDS)
        event.throttles = min(event.throttles + 1, 30)
        if self._lambda._reserved_concurrency(event.func, event.config) == 0:  # AWS does not retry a function shut off
            self._give_up(event, result, "RetriesExhausted")
        else:
            self._again(event, result, delay)

    def _failed(self, event: Event, result: dict[str, Any]) -> None:
        event.attempts += 1
        retries = event.settings.get("MaximumRetryAttempts")
        if event.attempts > (2 if retries is None else int(retries)):
            self._give_up(event, result, "RetriesExhausted")
            return
        delay = self._lambda._LAMBDA_ASYNC_RETRY_BASE_SECONDS * 2 ** (event.attempts - 1)
        self._again(event, result, min(delay, self._lambda._LAMBDA_ASYNC_RETRY_MAX_SECONDS))

    def _again(self, event: Event, result: dict[str, Any], delay: float) -> None:
        oldest = int(event.settings.get("MaximumEventAgeInSeconds") or 21_600)
        if time.monotonic() - event.created + delay > oldest:
            self._give_up(event, result, "EventAgeExceeded")
        else:
            self._push(event, delay)

    def _give_up(self, event: Event, result: dict[str, Any], condition: str) -> None:
        on_failure = (event.settings.get("DestinationConfig") or {}).get("OnFailure") or {}
        target = on_failure.get("Destination") or (event.config.get("DeadLetterConfig") or {}).get("TargetArn") or ""
        if target:
            event.context.copy().run(
                self._lambda._run_with_function_config_scope, event.func, self._deliver, event, result, condition, target
            )
        else:
            _logger.warning("event for %s dropped: %s", event.config.get("FunctionName"), condition)

    def _deliver(self, event: Event, result: dict[str, Any], condition: str, target: str) -> None:
        action = next((action for service, action in _DESTINATION_ACTIONS.items() if f":{service}:" in target), "")
        name = event.config.get("FunctionName", "")
        if action and permissions.role_denial(event.config.get("Role", ""), name, action, target):
            return
        if ":lambda:" not in target:
            self._lambda._route_async_failure(target, event.config.get("FunctionName", ""), event.payload, result)
            return
        func, config, name = self._lambda._get_func_record_for_ref(target)
        if not func:
            _logger.warning("failure destination %s does not exist", name)
            return
        answer = None if result.get("throttle") else json.loads(json.dumps(result.get("body"), default=str))
        arn = str(event.config.get("FunctionArn", ""))
        record = failure_record(arn, event.payload, event.request_id, answer, event.attempts, time.time(), condition)
        self.submit(self._lambda._execution_record_for_config(func, config), record)
