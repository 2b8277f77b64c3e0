"""EventBridge: what its rules let functions know, and what Step Functions tells it."""

import contextvars
import json
from typing import Any

from scripts.embedded.server import permissions
from scripts.embedded.server.patching import module, setting, wrap


def invoke_as_lambda_does() -> None:
    """Invoke a rule's function asynchronously: with retries, in the queue, and only if the function's policy allows it.

    ministack starts the function once, asks nobody, and forgets the event if it fails.

    Unneeded once tests/embedded/test_events.py::test_function_that_a_rule_starts_is_tried_again passes without it.
    """
    events = module("services.eventbridge", "get_account_id")
    lambda_svc = module(
        "services.lambda_svc", "_get_func_record_for_ref(function_ref), _execution_record_for_config(func, config)"
    )
    rule_arn: contextvars.ContextVar[str] = contextvars.ContextVar("rule_arn", default="")

    @wrap(events, "_invoke_target")
    def invoke(original: Any, target: Any, event: Any, rule: Any, view: Any = None) -> Any:
        with setting(rule_arn, rule.get("Arn", "")):
            return original(target, event, rule, view)

    @wrap(events, "_dispatch_to_lambda")
    def dispatch(_original: Any, arn: str, payload: str) -> None:
        record, config, _name = lambda_svc._get_func_record_for_ref(arn)
        if not record or not config:
            return
        if permissions.invocation_denial(arn, "events.amazonaws.com", rule_arn.get(), events.get_account_id()) is None:
            lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), json.loads(payload))


def tell_of_redrives() -> None:
    """Tell in an execution's event how often it was redriven; ministack, which redrives none, always says 0.

    Unneeded once tests/embedded/test_events.py::test_event_of_an_execution_says_how_often_it_was_redriven passes without it.
    """
    states = module("services.stepfunctions", "_executions")

    @wrap(module("services.eventbridge"), "_put_events")
    def put(original: Any, data: Any, allow_aws_source: bool = False) -> Any:
        for entry in data.get("Entries", ()):
            if allow_aws_source and entry.get("Source") == "aws.states":
                detail = json.loads(entry["Detail"])
                execution = states._executions.get(detail["executionArn"]) or {}
                detail["redriveCount"] = execution.get("redriveCount", 0)
                entry["Detail"] = json.dumps(detail)
        return original(data, allow_aws_source=allow_aws_source)
