"""What every invocation passes through: counted, given one request id, and tied to its place in `Slots`."""

import contextvars
from typing import Any

from scripts.embedded.server.counting import Counter
from scripts.embedded.server.patching import module, replace
from scripts.embedded.server.slots import Ticket

current_ticket: contextvars.ContextVar[Ticket | None] = contextvars.ContextVar("current_ticket", default=None)
"""The place that the invocation running in this context holds, if it holds one."""

fixed_request_id: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("fixed_request_id", default=None)
"""A request id to be used for the next invocation in this context, taken out of the list when used."""


def count_invocations(counter: Counter) -> None:
    """Count each run of a function where ministack dispatches it: most of them are no HTTP request.

    Unneeded once tests/embedded/test_serving.py::test_requests_are_counted_exactly passes without it.
    """

    def make(original: Any) -> Any:
        def dispatch(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
            counter.invocation(str(config.get("FunctionName", "unknown")))
            result = original(func, config, event, request_id, started)
            if isinstance(result, dict) and result.get("error"):
                counter.event("lambda.errors")
            return result

        return dispatch

    def make_throttle(original: Any) -> Any:
        def throttle(reason_code: str, msg: str, retry_after: int = 1) -> Any:
            counter.event("lambda.throttles")
            return original(reason_code, msg, retry_after)

        return throttle

    lambda_svc = module("services.lambda_svc")
    replace(lambda_svc, "_execute_function_dispatch", ("func", "config", "event", "request_id", "started"), make)
    replace(lambda_svc, "_throttle_response", ("reason_code", "msg", "retry_after"), make_throttle)


def know_the_worker() -> None:
    """Tell the invocation's ticket which process serves it, and let a retry keep its request id.

    AWS gives all attempts of one asynchronous event the same request id; ministack makes one up for each attempt.

    Unneeded once tests/embedded/test_functions.py::test_an_event_that_fails_for_good_reaches_the_destination passes without it.
    """

    def make(original: Any) -> Any:
        def acquire(func_name: str, config: Any, code_zip: bytes, *args: Any, **keywords: Any) -> Any:
            worker, reason = original(func_name, config, code_zip, *args, **keywords)
            ticket = current_ticket.get()
            if ticket is not None:
                ticket.worker = worker
            return worker, reason

        return acquire

    def make_id(original: Any) -> Any:
        def new_id() -> Any:
            waiting = fixed_request_id.get()
            return waiting.pop() if waiting else original()

        return new_id

    lambda_svc = module("services.lambda_svc")
    replace(lambda_svc, "acquire_worker", ("func_name", "config", "code_zip"), make)
    replace(lambda_svc, "new_uuid", (), make_id)
