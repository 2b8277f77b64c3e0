"""DynamoDB streams: event source mappings that batch, retry and give up as AWS's do."""

from typing import Any

from scripts.embedded.server import permissions
from scripts.embedded.server.deliveries import Deliveries
from scripts.embedded.server.lanes import with_defaults
from scripts.embedded.server.patching import after_restart, module, wrap
from scripts.embedded.server.repairs.mappings import READ_ACTIONS, Mappings, table_of
from scripts.embedded.server.slots import Slots


def map_streams(slots: Slots, deliveries: Deliveries) -> None:
    """Serve each DynamoDB mapping with a thread and lanes of its own (see `mappings` and `lanes`).

    ministack serves all mappings from one thread, so that one stage's Lambda blocks the next stage's; it ignores
    ParallelizationFactor, MaximumRetryAttempts, bisection and the batching window, and drops what a function reports as
    failed with ReportBatchItemFailures.

    Unneeded once tests/embedded/test_streams.py::test_items_run_side_by_side_and_each_in_order passes without it.
    """
    lambda_svc = module("services.lambda_svc", "_poll_loop")
    mappings = Mappings(slots, deliveries)

    @wrap(lambda_svc, "_poll_dynamodb_streams")
    def poll(_original: Any) -> bool:
        """Called by ministack's poll loop at each write to a stream and at least each second."""
        mappings.refresh()
        return False

    @wrap(lambda_svc, "_create_esm", "_update_esm", "_delete_esm")
    def change(original: Any, *arguments: Any) -> Any:
        response = original(*arguments)
        mappings.refresh()
        return response


def begin_where_restarted_streams_begin() -> None:
    """Let mappings go on after a restart: ministack keeps their positions, but no records, and counts those anew.

    A mapping would read nothing until its stream is as long as it was.

    Unneeded once tests/faults/test_restart.py::test_runs_outlive_a_restart passes without it.
    """
    lambda_svc = module("services.lambda_svc", "_dynamodb_stream_positions, _iter_all_esms")
    dynamodb = module("services.dynamodb", "stream_end_position(table_name)")

    def begin() -> None:
        positions = lambda_svc._dynamodb_stream_positions
        for account, region, esm in lambda_svc._iter_all_esms():
            source = str(esm.get("EventSourceArn", ""))
            if ":dynamodb:" in source and esm["UUID"] in positions:
                end = dynamodb.stream_end_position(table_of(source), account_id=account, region=region)
                positions[esm["UUID"]] = min(int(positions[esm["UUID"]]), end)

    after_restart(begin)


def give_mappings_their_defaults() -> None:
    """Give a new DynamoDB mapping the settings that it leaves out: AWS's default batch is 100 records, ministack's 10.

    Unneeded once tests/embedded/test_streams.py::test_a_mapping_reads_from_the_start_of_the_stream_or_from_now passes without it.
    """

    @wrap(module("services.lambda_svc"), "_create_esm")
    def create(original: Any, data: Any) -> Any:
        if ":dynamodb:" in str(data.get("EventSourceArn", "")):
            data = with_defaults(data)
        return original(data)


def refuse_unreadable_streams() -> None:
    """Refuse a mapping whose function's role may not read the stream, as AWS does; a running one asks at each read.

    Unneeded once tests/embedded/test_stream_failures.py::test_a_role_that_may_not_read_the_stream_gets_no_mapping
    passes without it.
    """
    lambda_svc = module("services.lambda_svc", "error_response_json, _get_func_record_for_ref(function_ref)")

    @wrap(lambda_svc, "_create_esm")
    def create(original: Any, data: Any) -> Any:
        stream = str(data.get("EventSourceArn", ""))
        _func, config, name = lambda_svc._get_func_record_for_ref(data.get("FunctionName", ""))
        if ":dynamodb:" in stream and config:
            for action in READ_ACTIONS:
                if permissions.role_denial(config.get("Role", ""), name, action, stream):
                    text = (
                        f"Cannot access stream {stream}. Please ensure the role can perform the GetRecords, "
                        "GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM."
                    )
                    return lambda_svc.error_response_json("InvalidParameterValueException", text, 400)
        return original(data)
