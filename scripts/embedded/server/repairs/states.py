"""Step Functions: its limits, and its Lambda tasks within the bound on workers."""

import ast
import json
import threading
from types import SimpleNamespace
from typing import Any

from scripts.embedded.server.patching import module, setting, wrap
from scripts.embedded.server.repairs.attempts import current
from scripts.embedded.server.repairs.invocations import current_ticket
from scripts.embedded.server.slots import Slots

DATA_BYTES = 262_144
INLINE_CONCURRENCY = 40
_TERMINAL = ("States.DataLimitExceeded", "States.Runtime")


def bound_lambda_tasks(slots: Slots) -> None:
    """Let a state machine's Lambda tasks wait for a place in `slots`: a Map of 200 items would start 200 processes.

    Unneeded once tests/embedded/test_states.py::test_a_map_of_100_starts_few_processes passes without it.
    """

    @wrap(module("services.stepfunctions"), "_call_lambda")
    def call(original: Any, func_ref: Any, event: Any) -> Any:
        ticket = slots.take()
        try:
            with setting(current_ticket, ticket):
                return original(func_ref, event)
        finally:
            slots.give(ticket)


def read_paths_one_at_a_time() -> None:
    """Keep threads from reading the fields of paths (`$['text']`) at once: with 200 branches a run failed of it.

    Python 3.11 counts the depth of what `ast` makes for all threads together, and raises SystemError when two collide.

    Unneeded once each Python that the emulator may run on keeps that depth for each thread. That is no test: they collide rarely.
    """
    states, lock = module("services.stepfunctions", "ast"), threading.Lock()

    def literal_eval(text: str) -> Any:
        with lock:
            return ast.literal_eval(text)

    states.ast = SimpleNamespace(literal_eval=literal_eval)


def cap_inline_maps() -> None:
    """Run at most 40 iterations of an inline Map at once, as AWS does; ministack runs all of them.

    Unneeded once tests/embedded/test_states.py::test_an_inline_map_runs_40_iterations_at_once passes without it.
    """

    @wrap(module("services.stepfunctions"), "_run_map_items")
    def run(original: Any, state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        processor = state_def.get("ItemProcessor") or state_def.get("Iterator") or {}
        wanted = state_def.get("MaxConcurrency", 0)
        inline = (processor.get("ProcessorConfig") or {}).get("Mode", "INLINE") == "INLINE"
        if inline and isinstance(wanted, int) and not 0 < wanted <= INLINE_CONCURRENCY:
            state_def = {**state_def, "MaxConcurrency": INLINE_CONCURRENCY}
        return original(state_def, raw_input, execution, ctx)


def limit_data() -> None:
    """Enforce the 256 KiB of UTF-8 on execution input, task input, task result, and Map output.

    States.DataLimitExceeded is terminal on AWS: States.ALL does not catch it (nor States.Runtime), only its own name.

    Unneeded once tests/embedded/test_states.py::test_data_limit_is_enforced_and_terminal passes without it.
    """
    states = module("services.stepfunctions", "_ExecutionError")

    def check(value: Any, what: str) -> None:
        if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")) > DATA_BYTES:
            text = f"The {what} exceeds the maximum number of bytes, {DATA_BYTES}."
            raise states._ExecutionError("States.DataLimitExceeded", text)

    @wrap(states, "_invoke_resource")
    def invoke(original: Any, resource: Any, input_data: Any) -> Any:
        check(input_data, f"input of the task {resource!r}")
        result = original(resource, input_data)
        check(result, f"result of the task {resource!r}")
        return result

    @wrap(states, "_run_map_items")
    def run(original: Any, state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        output, following = original(state_def, raw_input, execution, ctx)
        check(output, "output of the Map state")
        return output, following

    @wrap(states, "_error_matches")
    def matches(original: Any, error_equals: Any, error: Any) -> Any:
        return error in error_equals if error in _TERMINAL else original(error_equals, error)

    @wrap(states, "_start_execution")
    def start(original: Any, data: Any) -> Any:
        if len(str(data.get("input", "")).encode("utf-8", "replace")) > DATA_BYTES:
            text = f"Value at 'input' failed to satisfy constraint: Member must have length less than or equal to {DATA_BYTES}"
            return states.error_response_json("ValidationException", f"1 validation error detected: {text}", 400)
        return original(data)


def give_context_to_result_selectors() -> None:
    """Let ResultSelector read the context object (`$$...`), as on AWS; ministack puts null there.

    Unneeded once tests/embedded/test_states.py::test_result_selectors_read_the_context passes without it.
    """
    states = module("services.stepfunctions", "_resolve_params_obj(template, data, ctx)")

    @wrap(states, "_apply_result_selector")
    def select(_original: Any, state_def: Any, data: Any) -> Any:
        template, branch = state_def.get("ResultSelector"), current.get()
        return states._resolve_params_obj(template, data, branch and branch.context) if template else data


def give_children_their_own_context() -> None:
    """Give each child of a Distributed Map its own `$$.Execution`, and no `$$.Map`, as AWS does.

    ministack hands the parent's context down, so that a child which takes the run id from its own execution's name, or
    its index from `$$.Map.Item.Index`, works here and breaks there: both must travel through the ItemSelector.

    Unneeded once tests/embedded/test_states.py::test_children_of_a_distributed_map_have_their_own_context passes without it.
    """

    @wrap(module("services.stepfunctions"), "_run_sub_machine")
    def run(original: Any, states: Any, start_at: Any, input_data: Any, execution: Any, ctx: Any) -> Any:
        if execution.get("mapRunArn") and ctx["Execution"]["Id"] != execution["executionArn"]:
            own = {
                "Id": execution["executionArn"],
                "Input": input_data,
                "Name": execution["name"],
                "StartTime": execution["startDate"],
            }
            ctx = {**{name: value for name, value in ctx.items() if name != "Map"}, "Execution": own}
        return original(states, start_at, input_data, execution, ctx)


def fail_on_missing_paths() -> None:
    """Fail a state whose Parameters, ItemSelector or ResultSelector names a path that is not in its data.

    AWS does so with States.Runtime; ministack puts null there, and the mistake shows up far from its cause.

    Unneeded once tests/embedded/test_states.py::test_a_path_that_is_not_there_fails_the_state passes without it.
    """
    states = module("services.stepfunctions", "_ExecutionError, _parse_jsonpath_tokens(path)")

    def present(path: str, data: Any) -> bool:
        for kind, value in states._parse_jsonpath_tokens(path) or []:
            if kind == "wildcard":
                return True
            if kind == "field" and not (isinstance(data, dict) and value in data):
                return False
            if kind == "index" and not (isinstance(data, list) and value < len(data)):
                return False
            data = data[value]
        return True

    @wrap(states, "_resolve_params_obj")
    def resolve(original: Any, template: Any, data: Any, ctx: Any = None) -> Any:
        for name, path in template.items() if isinstance(template, dict) else ():
            if not (name.endswith(".$") and isinstance(path, str) and path.startswith("$")):
                continue
            found = present(path[1:], ctx or {}) if path.startswith("$$") else present(path, data)
            if not found:
                text = f"The JSONPath {path!r} specified for the field {name!r} could not be found in the input"
                raise states._ExecutionError("States.Runtime", text)
        return original(template, data, ctx)


def fail_on_items_that_are_no_array() -> None:
    """Fail a Map whose ItemsPath leads to no array, with States.Runtime, as AWS does; ministack maps over `[what is there]`.

    Unneeded once tests/embedded/test_states.py::test_a_map_over_anything_but_an_array_fails passes without it.
    """
    states = module(
        "services.stepfunctions",
        "_ExecutionError, _resolve_path_or_ctx(path, data, ctx), _apply_input_path(state_def, data, ctx)",
    )

    @wrap(states, "_run_map_items")
    def run(original: Any, state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        path = state_def.get("ItemsPath", "$")
        if "ItemReader" not in state_def and "Items" not in state_def:
            items = states._resolve_path_or_ctx(path, states._apply_input_path(state_def, raw_input, ctx), ctx)
            if not isinstance(items, list):
                raise states._ExecutionError("States.Runtime", f"Reference path {path!r} must point to an array.")
        return original(state_def, raw_input, execution, ctx)


def start_idempotently() -> None:
    """Answer a second StartExecution with the same name and input, while the first runs, as the first: 200.

    So a client whose answer was lost can ask again; ministack says ExecutionAlreadyExists.

    Unneeded once tests/embedded/test_states.py::test_starting_the_same_execution_twice passes without it.
    """
    states = module(
        "services.stepfunctions",
        "_executions, _state_machines, _resolve_state_machine_arn, get_region, get_account_id, json_response",
    )

    @wrap(states, "_start_execution")
    def start(original: Any, data: Any) -> Any:
        arn = states._resolve_state_machine_arn(data.get("stateMachineArn", ""))
        if arn is not None and data.get("name"):
            machine = states._state_machines[arn]["name"]
            execution = states._executions.get(
                f"arn:aws:states:{states.get_region()}:{states.get_account_id()}:execution:{machine}:{data['name']}"
            )
            if execution and execution["status"] == "RUNNING" and execution["input"] == data.get("input", "{}"):
                return states.json_response({"executionArn": execution["executionArn"], "startDate": execution["startDate"]})
        return original(data)
