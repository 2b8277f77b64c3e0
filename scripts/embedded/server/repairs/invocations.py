"""What every invocation passes through: counted, given one request id, and tied to its place in `Slots`."""

import contextvars
import logging
from typing import Any

from scripts.embedded.server.counting import Counter
from scripts.embedded.server.patching import module, setting, wrap
from scripts.embedded.server.slots import Ticket

_logger = logging.getLogger("embedded.invocations")

current_ticket: contextvars.ContextVar[Ticket | None] = contextvars.ContextVar("current_ticket", default=None)
"""The place that the invocation running in this context holds, if it holds one."""

fixed_request_id: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("fixed_request_id", default=None)
"""A request id to be used for the next invocation in this context, taken out of the list when used."""


def count_invocations(counter: Counter) -> None:
    """Count each run of a function where ministack dispatches it: most of them are no HTTP request.

    Unneeded once tests/embedded/test_serving.py::test_requests_are_counted_exactly passes without it.
    """
    lambda_svc = module("services.lambda_svc")

    @wrap(lambda_svc, "_execute_function_dispatch")
    def dispatch(original: Any, func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        counter.invocation(str(config.get("FunctionName", "unknown")))
        result = original(func, config, event, request_id, started)
        if isinstance(result, dict) and result.get("error"):
            counter.event("lambda.errors")
        return result

    @wrap(lambda_svc, "_throttle_response")
    def throttle(original: Any, reason_code: str, msg: str, retry_after: int = 1) -> Any:
        counter.event("lambda.throttles")
        return original(reason_code, msg, retry_after)


def know_the_worker() -> None:
    """Tell the invocation's ticket which process serves it, and let a retry keep its request id.

    AWS gives all attempts of one asynchronous event the same request id; ministack makes one up for each attempt.

    Unneeded once tests/embedded/test_functions.py::test_an_event_that_fails_for_good_reaches_the_destination passes without it.
    """
    lambda_svc = module("services.lambda_svc")

    @wrap(lambda_svc, "acquire_worker")
    def acquire(original: Any, func_name: str, config: Any, code_zip: bytes, *args: Any, **keywords: Any) -> Any:
        worker, reason = original(func_name, config, code_zip, *args, **keywords)
        ticket = current_ticket.get()
        if ticket is not None:
            ticket.worker = worker
        return worker, reason

    @wrap(lambda_svc, "new_uuid")
    def new_id(original: Any) -> Any:
        waiting = fixed_request_id.get()
        return waiting.pop() if waiting else original()


def attempt(func: dict[str, Any], payload: Any, ticket: Ticket, request_id: str) -> dict[str, Any]:
    """Run a function in a place that is held, with this request id; ministack's result.

    A fault of the emulator is an attempt that failed: the event does not vanish by it.
    """
    lambda_svc = module("services.lambda_svc")
    with setting(current_ticket, ticket), setting(fixed_request_id, [request_id]):
        try:
            result: dict[str, Any] = lambda_svc._run_with_function_config_scope(func, lambda_svc._execute_function, func, payload)
        except Exception as error:
            _logger.exception("invocation of %s failed", (func.get("config") or func).get("FunctionName"))
            return {"error": True, "body": {"errorType": type(error).__name__, "errorMessage": str(error)}}
    return result
