"""EventBridge: what its rules let functions know, and what Step Functions tells it."""

import contextvars
import json
from typing import Any

from scripts.embedded.server import permissions
from scripts.embedded.server.patching import module, replace, require


def invoke_as_lambda_does() -> None:
    """Invoke a rule's function asynchronously: with retries, in the queue, and only if the function's policy allows it.

    ministack starts the function once, asks nobody, and forgets the event if it fails.

    Unneeded once tests/embedded/test_events.py::test_function_that_a_rule_starts_is_tried_again passes without it.
    """
    events, lambda_svc = module("services.eventbridge"), module("services.lambda_svc")
    require(events, "get_account_id")
    require(lambda_svc, "_get_func_record_for_ref", ("function_ref",))
    require(lambda_svc, "_execution_record_for_config", ("func", "config"))
    rule_arn: contextvars.ContextVar[str] = contextvars.ContextVar("rule_arn", default="")

    def make_target(original: Any) -> Any:
        def invoke(target: Any, event: Any, rule: Any, view: Any = None) -> Any:
            token = rule_arn.set(rule.get("Arn", ""))
            try:
                return original(target, event, rule, view)
            finally:
                rule_arn.reset(token)

        return invoke

    def make_dispatch(_original: Any) -> Any:
        def dispatch(arn: str, payload: str) -> None:
            record, config, _name = lambda_svc._get_func_record_for_ref(arn)
            if not record or not config:
                return
            source, account = rule_arn.get(), events.get_account_id()
            if permissions.invocation_denial(record.get("policy"), arn, "events.amazonaws.com", source, account) is None:
                lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), json.loads(payload))

        return dispatch

    replace(events, "_invoke_target", ("target", "event", "rule", "view"), make_target)
    replace(events, "_dispatch_to_lambda", ("arn", "payload"), make_dispatch)


def tell_of_redrives() -> None:
    """Tell in an execution's event how often it was redriven; ministack, which redrives none, always says 0.

    Unneeded once tests/embedded/test_events.py::test_event_of_an_execution_says_how_often_it_was_redriven passes without it.
    """
    events, states = module("services.eventbridge"), module("services.stepfunctions")
    executions = require(states, "_executions")

    def make(original: Any) -> Any:
        def put(data: Any, allow_aws_source: bool = False) -> Any:
            for entry in data.get("Entries", ()):
                if allow_aws_source and entry.get("Source") == "aws.states":
                    detail = json.loads(entry["Detail"])
                    execution = executions.get(detail["executionArn"]) or {}
                    detail["redriveCount"] = execution.get("redriveCount", 0)
                    entry["Detail"] = json.dumps(detail)
            return original(data, allow_aws_source=allow_aws_source)

        return put

    replace(events, "_put_events", ("data", "allow_aws_source"), make)
