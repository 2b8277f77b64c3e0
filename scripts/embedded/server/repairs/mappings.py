"""The event source mappings of DynamoDB streams at work: a thread for each, invocations in threads within the bound.

    stream ──read──▶ filter ──▶ lanes ──batch──▶ slots ──▶ function ──▶ ended: done, again, or given up to the bucket of failures

All that a mapping knows belongs to its own thread; an invocation's thread hands its result back through a queue.
"""

import contextvars
import json
import logging
import math
import queue
import threading
import time
import uuid
from typing import Any

from scripts.embedded.server import permissions
from scripts.embedded.server.deliveries import Deliveries
from scripts.embedded.server.destination import stream_failure_key, stream_failure_record
from scripts.embedded.server.lanes import Batch, Discard, Lane, Settings, first_failure, lane_of, reshaped
from scripts.embedded.server.patching import module
from scripts.embedded.server.repairs.invocations import attempt
from scripts.embedded.server.slots import Slots

READ_ACTIONS = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
_PAGE_RECORDS = 1_000
_LOOK_SECONDS = 1.0
_logger = logging.getLogger("embedded.streams")


class Mappings:
    """All mappings that have a thread."""

    def __init__(self, slots: Slots, deliveries: Deliveries) -> None:
        self._lambda = module(
            "services.lambda_svc",
            """
            _apply_filter_criteria, _dynamodb_stream_positions, _iter_all_esms, _get_func_record_for_qualifier,
            _request_account_id, _request_region
            """,
        )
        module("services.dynamodb", "_tables, stream_end_position, stream_records_since, stream_start_position")
        module("services.dynamodb_streams", "_DEFAULT_SHARD_ID")
        module("services.s3", "_put_object(bucket_name, key, body, headers)")
        self._slots = slots
        self._deliveries = deliveries
        self._lock = threading.Lock()
        self._running: dict[str, _Mapping] = {}

    def refresh(self) -> None:
        """Start a thread for each mapping that has none, and let all look at their settings and streams."""
        with self._lock:
            present = {esm["UUID"]: (account, region, esm) for account, region, esm in self._lambda._iter_all_esms()}
            for name, (account, region, esm) in present.items():
                if name not in self._running and ":dynamodb:" in esm.get("EventSourceArn", ""):
                    self._running[name] = _Mapping(esm, account, region, self._slots, self._deliveries)
            for name in set(self._running) - set(present):
                self._running.pop(name).stop()
            for mapping in self._running.values():
                mapping.woken.set()


class _Mapping:
    """One mapping and its thread, until `stop`."""

    def __init__(self, esm: dict[str, Any], account: str, region: str, slots: Slots, deliveries: Deliveries) -> None:
        self._lambda = module("services.lambda_svc")
        self._dynamodb = module("services.dynamodb")
        self._esm = esm
        self._slots = slots
        self._deliveries = deliveries
        self._stream = str(esm["EventSourceArn"])
        self._table = table_of(self._stream)
        self._lanes = [Lane()]
        self._ended: queue.SimpleQueue[tuple[Lane, Batch, dict[str, Any]]] = queue.SimpleQueue()
        self._trouble = ""
        self._stopped = False
        self.woken = threading.Event()
        threading.Thread(target=self._serve, args=(account, region), name=f"stream-{esm['UUID']}", daemon=True).start()

    def stop(self) -> None:
        """End the thread. What is in flight ends by itself and is not tried again."""
        self._stopped = True
        self.woken.set()

    def _serve(self, account: str, region: str) -> None:
        self._lambda._request_account_id.set(account)
        self._lambda._request_region.set(region)
        while not self._stopped:
            self.woken.clear()
            try:
                wait = self._step()
            except Exception:
                _logger.exception("stream mapping %s", self._esm["UUID"])
                wait = _LOOK_SECONDS
            self.woken.wait(min(wait, _LOOK_SECONDS))
        _logger.warning("stream mapping %s: ended", self._esm["UUID"])

    def _step(self) -> float:
        """Do all that can be done now; return the seconds until there is more, as far as is known."""
        settings = Settings.of(self._esm)
        function, config = self._lambda._get_func_record_for_qualifier(self._esm["FunctionName"], self._esm.get("Qualifier"))
        while not self._ended.empty():
            self._take_back(*self._ended.get(), settings)
        if not self._esm.get("Enabled", True) or not self._readable(function, config):
            return math.inf
        if settings.factor != len(self._lanes):
            if any(lane.busy for lane in self._lanes):
                return math.inf
            self._lanes = reshaped(self._lanes, settings.factor, time.monotonic())
        self._read()
        for lane in self._lanes:
            while lane.wait(settings, time.monotonic()) <= 0:
                batch, discard = lane.begin(settings, time.time())
                self._discard(discard)
                if batch is not None:
                    context = contextvars.copy_context()
                    threading.Thread(target=context.run, args=(self._invoke, lane, batch, function), daemon=True).start()
        return min(lane.wait(settings, time.monotonic()) for lane in self._lanes)

    def _readable(self, function: Any, config: Any) -> bool:
        """Whether the function is there and its role may read the stream; says so once when that changes."""
        trouble = "" if function else "Function not found"
        role = (config or {}).get("Role", "")
        if function and self._pending():
            denials = (permissions.role_denial(role, self._esm["FunctionName"], action, self._stream) for action in READ_ACTIONS)
            trouble = next((denial for denial in denials if denial), "")
        if trouble:
            self._esm["LastProcessingResult"] = f"PROBLEM: {trouble}"
            if trouble != self._trouble:
                _logger.error("stream mapping %s: %s", self._esm["UUID"], trouble)
        self._trouble = trouble
        return not trouble

    def _position(self) -> int:
        """ministack sets it when the mapping is made: TRIM_HORIZON is the oldest record, LATEST the end."""
        start: int = self._dynamodb.stream_start_position(self._table)
        return max(start, int(self._lambda._dynamodb_stream_positions.get(self._esm["UUID"], start)))

    def _pending(self) -> bool:
        table = self._dynamodb._tables.get(self._table)
        if not table or table.get("LatestStreamArn") != self._stream:  # another table of that name
            return False
        return bool(self._position() < self._dynamodb.stream_end_position(self._table))

    def _read(self) -> None:
        while not self._stopped and self._pending():
            position = self._position()
            records = self._dynamodb.stream_records_since(self._table, position, _PAGE_RECORDS)
            self._lambda._dynamodb_stream_positions[self._esm["UUID"]] = position + len(records)
            now = time.monotonic()
            for record in self._lambda._apply_filter_criteria(records, self._esm):
                self._lanes[lane_of(record, len(self._lanes))].fresh.extend([(now, record)] * self._deliveries.times)

    def _invoke(self, lane: Lane, batch: Batch, function: dict[str, Any]) -> None:
        """In a thread of its own; waits for a place among the workers."""
        batch.request_id = str(uuid.uuid4())
        ticket = self._slots.take()
        try:
            if self._stopped:
                return
            result = attempt(function, {"Records": batch.records}, ticket, batch.request_id)
        finally:
            self._slots.give(ticket)
        self._ended.put((lane, batch, result))
        self.woken.set()

    def _take_back(self, lane: Lane, batch: Batch, result: dict[str, Any], settings: Settings) -> None:
        now = time.monotonic()
        if result.get("throttle"):
            lane.throttled(batch, now)
            return
        batch.invocations += 1
        batch.function_error = "Unhandled" if result.get("error") else None
        failed = 0 if result.get("error") else None
        if failed is None and settings.report_failures:
            failed = first_failure(batch.records, _returned(result))
        if failed is not None:
            why = _error(result) if result.get("error") else f"it reported record {failed + 1} of {len(batch.records)}"
            _logger.warning("stream mapping %s: %s failed: %s", self._esm["UUID"], self._esm["FunctionName"], why)
        self._esm["LastProcessingResult"] = "OK" if failed is None else "PROBLEM: Function call failed"
        self._discard(lane.ended(batch, failed, settings, now))

    def _discard(self, discard: Discard | None) -> None:
        """Leave what is given up in the mapping's failure destination, an S3 bucket, whose notification then tells of it."""
        if discard is None:
            return
        count, reason = len(discard.batch.records), discard.condition
        _logger.warning("stream mapping %s: %d records given up: %s", self._esm["UUID"], count, reason)
        target = ((self._esm.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not target:
            return
        shard = module("services.dynamodb_streams")._DEFAULT_SHARD_ID
        record = stream_failure_record(discard, str(self._esm["FunctionArn"]), self._stream, shard, time.time())
        key = stream_failure_key(str(self._esm["UUID"]), shard, time.time())
        _function, config = self._lambda._get_func_record_for_qualifier(self._esm["FunctionName"], self._esm.get("Qualifier"))
        for action, resource in (("s3:ListBucket", target), ("s3:PutObject", f"{target}/{key}")):
            if permissions.role_denial((config or {}).get("Role", ""), self._esm["FunctionName"], action, resource):
                return
        bucket = target.removeprefix("arn:aws:s3:::")
        status, _headers, answer = module("services.s3")._put_object(bucket, key, json.dumps(record).encode(), {})
        if status != 200:
            _logger.error("stream mapping %s: failure destination %s: %s", self._esm["UUID"], target, answer)


def table_of(stream: str) -> str:
    """The name of the table that a stream's ARN is of."""
    return stream.partition("/stream/")[0].rpartition("/")[2]


def _error(result: dict[str, Any]) -> str:
    body = result.get("body")
    return f"{body.get('errorType')}: {body.get('errorMessage')}" if isinstance(body, dict) else str(body)


def _returned(result: dict[str, Any]) -> Any:
    """What the function returned; one that cannot be read stays text, and counts as a failure."""
    body = result.get("body")
    if isinstance(body, (str, bytes)):
        try:
            return json.loads(body)
        except ValueError:
            return body
    return body
