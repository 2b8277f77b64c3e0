"""The state machine that runs a workflow on Step Functions, ready for Terraform, which fills in ARNs, a bucket and a number.

The state of an execution is `{"data": ...}` between any two states, as its input is. Where a function has returned the array that
a Map is over, `"source"` is beside it: of the data that the array's elements become.

The states are named after the functions: `f` runs the function, `f-map` is the fan-out over it, `f-caught` and `f-failed` record
that it failed for good. The client reads these names in an execution's history. No function's name has a hyphen.

What failed is caught and recorded, and the execution then fails at the recording task. So a redrive enters that task again, which
now returns and leads back to what failed. The Maps catch nothing: else a redrive would not run their failed iterations again.
"""

from typing import Any, Literal

from scripts.package.workflow.model import RECORDER, Step, Workflow

Mode = Literal["INLINE", "DISTRIBUTED"]
MODES: tuple[Mode, ...] = ("INLINE", "DISTRIBUTED")

EXECUTION_SECONDS = 21_600
"""After which an execution is given up."""

TASK_SECONDS = 960
"""After which an attempt is given up: a minute more than Lambda ever gives a function."""

_THROTTLED = ["Lambda.TooManyRequestsException"]
_SERVICE = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
]
_ALL = ["States.ALL"]
_REFUSAL = ["RunFailed"]
"""What the recorder raises once it has recorded: the execution must fail, and not ask again."""

_State = dict[str, Any]

_NOW = "$$.Execution.RedriveCount"
_IN_A_BRANCH = {"Session.$": "$.Session", "Data.$": "$.Data", "Fan-out.$": "$['Fan-out']"}
_IN_THE_CHAIN = {"Session.$": "$$.Execution.Name", "Data.$": "$.data"}


def state_machine(workflow: Workflow, mode: Mode) -> dict[str, Any]:
    """Compile a workflow for a Map mode.

    A Distributed Map runs each item as an execution of its own: no limit of 40 at once or of 25,000 events. The input's items are
    then read from S3, where the client puts them as `{run}/{branch}-input.json`, so that 256 KiB don't bound them either; the
    execution's input is `{"size": number of items}`.

    It is a template: `${function_arns.f}` is the ARN of the function f, `${returns_bucket}` a bucket's name, and
    `"${map_concurrency}"` stands for a number.
    """
    states: dict[str, _State] = {}
    for number, step in enumerate(workflow.steps):
        after = workflow.steps[number + 1] if number + 1 < len(workflow.steps) else None
        onwards = _onwards(step, after)
        if step.branch:
            states[_name(step)] = _fan_out(step, mode, first=number == 0) | onwards
        else:
            states |= _attempts(step, _IN_THE_CHAIN, onwards)
    return {
        "Comment": f"{workflow.name}, compiled. An attempt that fails for good is recorded, and the execution fails there.",
        "TimeoutSeconds": EXECUTION_SECONDS,
        "StartAt": _name(workflow.steps[0]),
        "States": states,
    }


def _name(step: Step) -> str:
    """Name of the state in the chain that stands for a step."""
    return f"{step.function}-map" if step.branch else step.function


def _onwards(step: Step, after: Step | None) -> _State:
    """What leads from a step to the next one."""
    if after is None:
        return {"End": True}
    # A function's answer is a datum. Its array is fanned out over; a whole datum, or a list of them, is what a function takes.
    answer = {"data.$": "$.Value", "source.$": "$.Source"} if after.branch else {"data.$": "$"}
    return {"ResultSelector": answer, "Next": _name(after)}


def _fan_out(step: Step, mode: Mode, *, first: bool) -> _State:
    # The client or a user may have wrapped an element of the input already. One of a returned array never is: all of its elements
    # travel alike, as values or as the keys of claim checks.
    item = {"Data.$": "$$.Map.Item.Value"} if first else {"Data": {"Source.$": "$.source", "Value.$": "$$.Map.Item.Value"}}
    items: _State = {"ItemsPath": "$.data"}
    size = "States.ArrayLength($.data)"
    config = {"Mode": "INLINE"}
    if mode == "DISTRIBUTED":
        config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        if first:
            items, size = {"ItemReader": _item_reader(step)}, "$.size"
    return {
        "Type": "Map",
        **items,
        "MaxConcurrency": "${map_concurrency}",
        "ItemSelector": {
            "Session.$": "$$.Execution.Name",
            **item,
            "Fan-out": {"Index.$": "States.MathAdd($$.Map.Item.Index, 1)", "Size.$": size},
        },
        "ItemProcessor": {
            "ProcessorConfig": config,
            "StartAt": step.function,
            "States": _attempts(step, _IN_A_BRANCH, {"End": True}),
        },
    }


def _item_reader(step: Step) -> _State:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {
            "Bucket": "${returns_bucket}",
            "Key.$": f"States.Format('{{}}/{step.function}-input.json', $$.Execution.Name)",
        },
    }


def _attempts(step: Step, parameters: _State, onwards: _State) -> dict[str, _State]:
    """The state that runs a function, and those that record that it failed for good."""
    function = step.function
    retry = _retriers(throttled=60)
    attempts = {error: 1 + retrier["MaxAttempts"] for retrier in retry for error in retrier["ErrorEquals"]}
    index = {"Index.$": "$['Fan-out'].Index"} if step.branch else {}
    failure = {"Function": function, "Error.$": "$.Failure.Error", "Cause.$": "$.Failure.Cause", **index, "Attempts": attempts}
    return {
        function: {
            "Type": "Task",
            "Resource": _arn(function),
            "Parameters": parameters,
            "TimeoutSeconds": TASK_SECONDS,
            "Retry": retry,
            "Catch": [{"ErrorEquals": _ALL, "ResultPath": "$.Failure", "Next": f"{function}-caught"}],
            **onwards,
        },
        f"{function}-caught": {
            "Type": "Pass",
            "Parameters": {"Redrives.$": _NOW},
            "ResultPath": "$.Caught",
            "Next": f"{function}-failed",
        },
        f"{function}-failed": {
            "Type": "Task",
            "Resource": _arn(RECORDER),
            "Parameters": {
                "Session.$": parameters["Session.$"],
                "Failure": failure,
                "Redrives": {"Caught.$": "$.Caught.Redrives", "Now.$": _NOW},
            },
            "Retry": [{"ErrorEquals": _REFUSAL, "MaxAttempts": 0}, *_retriers(throttled=20)],
            "ResultPath": None,
            "Next": function,
        },
    }


def _arn(function: str) -> str:
    # A quoted index would be escaped in JSON, and be no Terraform any more.
    return f"${{function_arns.{function}}}"


def _retriers(throttled: int) -> list[_State]:
    """Try often again when Lambda has no room, often when the service fails, and seldom when the function itself does.

    What it calls `Lambda.Unknown` is a function that ran out of memory or time
    (https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception).
    """
    return [_retrier(_THROTTLED, throttled, 60), _retrier(_SERVICE, 8, 30), _retrier(_ALL, 2)]


def _retrier(errors: list[str], attempts: int, longest: int | None = None) -> _State:
    delay = {} if longest is None else {"MaxDelaySeconds": longest}
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": 1,
        "MaxAttempts": attempts,
        "BackoffRate": 2,
        **delay,
        "JitterStrategy": "FULL",
    }
