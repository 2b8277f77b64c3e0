"""Permissions of what AWS does by itself: ministack asks IAM about requests only, not about its internal hops."""

import contextvars
from typing import Any

from scripts.embedded.server import permissions
from scripts.embedded.server.patching import module, replace, require


def ask_before_notifying() -> None:
    """Let S3 notify a function only when the function's resource policy allows it for that bucket, as AWS does.

    AWS also refuses a notification configuration with such a function: an `aws_lambda_permission` that is missing, or
    made after the notification, fails at once.

    Unneeded once tests/embedded/test_s3.py::test_s3_may_notify_only_functions_whose_policy_allows_the_bucket passes without it.
    """
    s3 = module("services.s3")
    lambda_svc = module("services.lambda_svc")
    for name in ("_invalid_notification_config", "get_account_id"):
        require(s3, name)
    require(lambda_svc, "_get_func_record_for_ref", ("function_ref",))

    def denied(function: str, bucket: str) -> bool:
        record, _config, _name = lambda_svc._get_func_record_for_ref(function)
        policy = (record or {}).get("policy")
        source = f"arn:aws:s3:::{bucket}"
        return permissions.invocation_denial(policy, function, "s3.amazonaws.com", source, s3.get_account_id()) is not None

    def make_validator(original: Any) -> Any:
        def validate(configs: Any, bucket_region: str, bucket_name: str = "", skip_destination_validation: bool = False) -> Any:
            error = original(configs, bucket_region, bucket_name, skip_destination_validation)
            if error or skip_destination_validation:
                return error
            bad = [one["arn"] for one in configs if one["type"] == "lambda" and denied(one["arn"], bucket_name)]
            text = "Unable to validate the following destination configurations: " + ", ".join(bad)
            return s3._invalid_notification_config(text) if bad else None

        return validate

    def make_delivery(original: Any) -> Any:
        def deliver(arn: str, event_payload: Any, bucket_region: str) -> Any:
            if denied(arn, event_payload["Records"][0]["s3"]["bucket"]["name"]):
                return None
            return original(arn, event_payload, bucket_region)

        return deliver

    signature = ("configs", "bucket_region", "bucket_name", "skip_destination_validation")
    replace(s3, "_validate_notification_configs", signature, make_validator)
    replace(s3, "_deliver_event_to_lambda", ("arn", "event_payload", "bucket_region"), make_delivery)


def ask_the_state_machine() -> None:
    """Fail a Lambda task when the state machine's role may not invoke the function, as AWS does.

    Unneeded once tests/embedded/test_states.py::test_a_machine_needs_a_role_that_may_invoke_the_function passes without it.
    """
    states = module("services.stepfunctions")
    lambda_svc = module("services.lambda_svc")
    failure = require(states, "_ExecutionError")
    machines = require(states, "_state_machines")
    require(states, "_resolve_state_machine_arn", ("arn",))
    machine: contextvars.ContextVar[str] = contextvars.ContextVar("state_machine", default="")

    def make_state(original: Any) -> Any:
        def execute(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
            arn = execution["stateMachineArn"]
            if execution.get("mapRunArn"):  # a child of a Distributed Map: its machine is "<machine>/<label of the Map>"
                arn = arn.rpartition("/")[0]
            token = machine.set(arn)
            try:
                return original(state_def, raw_input, execution, ctx)
            finally:
                machine.reset(token)

        return execute

    def make_call(original: Any) -> Any:
        def call(func_ref: Any, event: Any) -> Any:
            _func, config, _name = lambda_svc._get_func_record_for_ref(func_ref)
            own = machines.get(states._resolve_state_machine_arn(machine.get()) or "")
            if config and own:
                session = own["name"]
                denial = permissions.role_denial(own["roleArn"], session, "lambda:InvokeFunction", config["FunctionArn"])
                if denial:
                    raise failure("Lambda.AWSLambdaException", f"{denial} (Service: Lambda, Status Code: 403)")
            return original(func_ref, event)

        return call

    replace(states, "_execute_task", ("state_def", "raw_input", "execution", "ctx"), make_state)
    replace(states, "_call_lambda", ("func_ref", "event"), make_call)
