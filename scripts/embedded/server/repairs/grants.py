"""Permissions of what AWS does by itself: ministack asks IAM about requests only, not about its internal hops."""

from typing import Any

from scripts.embedded.server import permissions
from scripts.embedded.server.patching import module, wrap
from scripts.embedded.server.repairs.attempts import current


def ask_before_notifying() -> None:
    """Let S3 notify a function only when the function's resource policy allows it for that bucket, as AWS does.

    AWS also refuses a notification configuration with such a function: an `aws_lambda_permission` that is missing, or
    made after the notification, fails at once.

    Unneeded once tests/embedded/test_s3.py::test_s3_may_notify_only_functions_whose_policy_allows_the_bucket passes without it.
    """
    s3 = module("services.s3", "_invalid_notification_config, get_account_id")

    def denied(function: str, bucket: str) -> bool:
        source, account = f"arn:aws:s3:::{bucket}", s3.get_account_id()
        return permissions.invocation_denial(function, "s3.amazonaws.com", source, account) is not None

    @wrap(s3, "_validate_notification_configs")
    def validate(
        original: Any, configs: Any, bucket_region: str, bucket_name: str = "", skip_destination_validation: bool = False
    ) -> Any:
        error = original(configs, bucket_region, bucket_name, skip_destination_validation)
        if error or skip_destination_validation:
            return error
        bad = [one["arn"] for one in configs if one["type"] == "lambda" and denied(one["arn"], bucket_name)]
        text = "Unable to validate the following destination configurations: " + ", ".join(bad)
        return s3._invalid_notification_config(text) if bad else None

    @wrap(s3, "_deliver_event_to_lambda")
    def deliver(original: Any, arn: str, event_payload: Any, bucket_region: str) -> Any:
        if denied(arn, event_payload["Records"][0]["s3"]["bucket"]["name"]):
            return None
        return original(arn, event_payload, bucket_region)


def ask_the_state_machine() -> None:
    """Fail a Lambda task when the state machine's role may not invoke the function, as AWS does.

    Unneeded once tests/embedded/test_states.py::test_a_machine_needs_a_role_that_may_invoke_the_function passes without it.
    """
    lambda_svc = module("services.lambda_svc", "_get_func_record_for_ref(function_ref)")
    states = module("services.stepfunctions", "_ExecutionError, _state_machines, _resolve_state_machine_arn(arn)")

    @wrap(states, "_call_lambda")
    def call(original: Any, func_ref: Any, event: Any) -> Any:
        branch = current.get()
        execution = branch.attempt.execution if branch else {"stateMachineArn": ""}
        arn = execution["stateMachineArn"]
        if execution.get("mapRunArn"):  # a child of a Distributed Map: its machine is "<machine>/<label of the Map>"
            arn = arn.rpartition("/")[0]
        _func, config, _name = lambda_svc._get_func_record_for_ref(func_ref)
        own = states._state_machines.get(states._resolve_state_machine_arn(arn) or "")
        if config and own:
            denial = permissions.role_denial(own["roleArn"], own["name"], "lambda:InvokeFunction", config["FunctionArn"])
            if denial:
                raise states._ExecutionError("Lambda.AWSLambdaException", f"{denial} (Service: Lambda, Status Code: 403)")
        return original(func_ref, event)
