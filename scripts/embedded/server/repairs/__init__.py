"""What ministack 1.5.33 does otherwise than AWS, repaired where it would make a local run dishonest or slow.

Each module holds repairs of one kind. Each repair is a small function. Its docstring gives the reason and ends with the test by
which it can be seen to be unneeded: with a ministack under which that test passes without the repair, delete the repair. All of
them replace private names, so ministack is pinned, and `patching` refuses to start with another shape of it.
"""

from collections.abc import Callable
from functools import partial

from scripts.embedded.server import permissions
from scripts.embedded.server.counting import Counter
from scripts.embedded.server.deliveries import Deliveries
from scripts.embedded.server.patching import RepairError
from scripts.embedded.server.repairs import (
    asynchronous,
    attempts,
    cold_starts,
    endings,
    events,
    grants,
    invocations,
    isolation,
    lambda_limits,
    map_runs,
    memory,
    output,
    redrive,
    s3,
    states,
    streams,
    workers,
)
from scripts.embedded.server.slots import Slots

__all__ = ["RepairError", "apply_all", "in_order"]


def apply_all(counter: Counter, slots: Slots, deliveries: Deliveries) -> None:
    """Apply every repair, before the first request.

    Raises:
        RepairError: ministack is not as expected.
    """
    permissions.check()
    for repair in in_order(counter, slots, deliveries):
        repair()


def in_order(counter: Counter, slots: Slots, deliveries: Deliveries) -> tuple[Callable[[], None], ...]:
    """Return every repair. Of two that wrap the same function of ministack's, the later one is called first.

    tests/embedded/test_repairs.py says for which of them that matters.
    """
    return (
        partial(invocations.count_invocations, counter),
        invocations.know_the_worker,
        isolation.run_on_a_python_of_their_own,
        cold_starts.import_no_botocore,
        output.give_functions_their_streams,
        output.read_all_output,
        endings.tell_of_exceptions_as_lambda_does,
        cold_starts.share_layers,
        workers.complete_environment,
        workers.run_the_latest_code,
        memory.end_what_outgrows_its_memory,
        endings.tell_of_exits_as_lambda_does,
        endings.answer_with_what_was_told,
        partial(workers.bound_idle_workers, max(workers.SIDE_BY_SIDE, 2 * slots.limit)),
        endings.name_throttles_for_step_functions,
        lambda_limits.limit_request_payloads,
        lambda_limits.limit_response_payloads,
        partial(asynchronous.queue_events, slots, deliveries),
        streams.give_mappings_their_defaults,
        streams.refuse_unreadable_streams,
        partial(streams.map_streams, slots, deliveries),
        streams.begin_where_restarted_streams_begin,
        attempts.follow_executions,
        attempts.stop_for_good,
        redrive.redrive_executions,
        redrive.fail_interrupted_executions,
        events.tell_of_redrives,
        events.invoke_as_lambda_does,
        map_runs.run_children,
        partial(states.bound_lambda_tasks, slots),
        states.read_paths_one_at_a_time,
        states.cap_inline_maps,
        states.limit_data,
        states.give_context_to_result_selectors,
        states.give_children_their_own_context,
        states.fail_on_missing_paths,
        states.fail_on_items_that_are_no_array,
        states.start_idempotently,
        grants.ask_the_state_machine,
        s3.forbid_long_keys,
        s3.cap_pages,
        s3.cap_batch_deletes,
        s3.hide_missing_keys,
        grants.ask_before_notifying,
    )
