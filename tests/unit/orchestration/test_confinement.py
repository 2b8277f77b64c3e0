"""No run id, word, pointer or event gets anything out of its run: whatever is not refused stays below the run's own prefix."""

import copy
import posixpath
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runtime.mapreduce.emitter import emit, emitting
from runtime.mapreduce.keys import partition_number, unescape
from runtime.orchestration.http_sync_s3.stores.redis import run_prefix
from runtime.orchestration.ownership import check_ownership
from runtime.orchestration.recorder.reading import read_failure
from runtime.orchestration.s3_triggers.stage import Stage, parse_key, value_name
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.returns import Returns, return_key
from runtime.orchestration.values.table import Table
from runtime.orchestration.workflow.envelope import Datum, Directory, EnvelopeError, Pointer, checked_run_id, parse_datum
from runtime.orchestration.wrapper import load_orchestration
from runtime.ports import ports
from runtime.run import Run, within
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.context import FakeContext
from tests.fakes.events import load_event
from tests.fakes.places import STAGES, WORDCOUNT
from tests.fakes.shuffle_store import ShuffleStore

CLIMBING = st.text(alphabet="./%\\~2eEfFaA5c\x00 {}*?", max_size=12)
TEXT = CLIMBING | st.text(max_size=12) | st.from_regex(r"(\.\./|%2e%2e/|[a-z]/)*[a-z0-9_.-]*", fullmatch=True)
RUN_ID = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def below(key: str, run_id: str) -> bool:
    """Whether a key is one of the run's, however often a client decodes it and resolves its steps."""
    for _ in range(3):
        if not posixpath.normpath(key).startswith(run_id + "/") or "\\" in key:
            return False
        key = unquote(key)
    return True


@settings(max_examples=100)
@given(TEXT)
def test_run_id_is_one_step_of_a_path_or_refused(run_id: str) -> None:
    try:
        checked = checked_run_id(run_id)
    except EnvelopeError:
        return

    assert checked == run_id == unquote(run_id)
    assert set(run_id).isdisjoint("/.%\\{}*?~ \n\x00")


@settings(max_examples=100)
@given(RUN_ID, RUN_ID)
def test_keys_of_one_run_are_never_below_those_of_another(one: str, other: str) -> None:
    assume(one != other)

    for of_one, of_other in zip(prefixes(one), prefixes(other), strict=True):
        assert not of_one.startswith(of_other)


def prefixes(run_id: str) -> list[str]:
    """What a run's keys begin with in a bucket of a stage, in a table, in Redis."""
    returns = Returns("returns", run_id)
    return [Stage("input", run_id).key(""), Table("table", run_id, returns)._key(""), run_prefix("wordcount-", run_id)]


@settings(max_examples=80)
@given(RUN_ID, TEXT.filter(lambda word: word.isprintable() or "\x00" in word), st.sampled_from(["", "/some/where"]))
def test_emitted_word_stays_in_one_step_of_its_run_and_partition(run_id: str, word: str, folder: str) -> None:
    store = ShuffleStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ports().s3, "put_once", store.put)
        with within(Run(run_id)), emitting(f"bucket{folder}", 3):
            emit(word)

    (key,) = store.objects
    inside = key.removeprefix(folder.removeprefix("/") + "/") if folder else key
    run, partition, segment, _ = inside.split("/")
    assert posixpath.normpath(key) == key
    assert run == run_id
    assert partition_number(partition + "/") in range(3)
    assert unescape(segment) == word


@settings(max_examples=100)
@given(st.sampled_from(["s3", "dynamodb", "redis", "http2"]), TEXT | st.from_regex(r"[a-z.]*/[0-9./]*\.json"), RUN_ID)
def test_pointer_leads_into_its_run_or_is_refused(source: str, pointer: str, run_id: str) -> None:
    datum = parsed({"Source": source, "Value": pointer})

    assert datum is None or (isinstance(datum, Pointer) and below(f"{run_id}/{datum.key}", run_id))


@settings(max_examples=100)
@given(TEXT | st.from_regex(r"[a-z./]*/"), st.integers() | st.floats() | st.booleans(), RUN_ID)
def test_directory_leads_into_its_run_or_is_refused(name: str, size: Any, run_id: str) -> None:
    datum = parsed({"Source": "s3", "Value": {"Directory": name, "Size": size}})

    assert datum is None or (isinstance(datum, Directory) and below(f"{run_id}/{return_key(datum.function, 1)}", run_id))


def parsed(datum: Any) -> Datum | None:
    try:
        return parse_datum(datum)
    except EnvelopeError:
        return None


@settings(max_examples=100)
@given(TEXT | st.from_regex(r"[a-z./%]*/[0-9]*\.json"))
def test_key_of_an_event_is_of_its_run_or_refused(key: str) -> None:
    try:
        run_id, index = parse_key(key)
    except EnvelopeError:
        return

    assert Stage("input", run_id).key(value_name(index)) == key
    assert below(key, checked_run_id(run_id))


OWN = Settings(
    "sfn", "mapper", "prefix-", "the-returns", "the-results", place=WORDCOUNT["mapper"], buckets={"shuffle": "the-shuffle"}
)


@settings(max_examples=100)
@given(TEXT | st.from_regex(r"(s3://)?the-(shuffle|returns|results)[a-z/.]*"))
def test_mapper_is_given_no_bucket_but_the_deployments_own(destination: str) -> None:
    try:
        check_ownership(OWN, {"text": "to be", "destination": destination})
        with emitting(destination, 3):
            pass
    except ValueError:
        return

    assert destination.removeprefix("s3://").partition("/")[0] == "the-shuffle"


EVENTS = {
    "sfn": {"Session": "run1", "Data": [{"Source": "http", "Value": 1}], "Fan-out": {"Index": 1, "Size": 2}},
    "http_sync_s3": {
        "Session": "run1",
        "Data": {"Source": "s3", "Value": "mapper.input/1.json"},
        "Fan-out": {"Index": 1, "Size": 2, "Directory": "mapper/"},
        "Waiting": {"Since": 1.0, "HandOns": 1},
    },
    "http_only": {"Session": "run1", "Data": {"Source": "http", "Value": 1}, "Fan-out": {"Index": 1, "Size": 2}, "Deadline": 1.0},
    "s3_triggers": load_event("s3_object_created"),
    "dynamodb_triggers": load_event("dynamodb_insert"),
}


def spots(value: Any) -> list[tuple[Any, ...]]:
    """The way to each part of a JSON value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((step, *way) for step, part in parts for way in spots(part))]


def spoilt(event: Any, way: tuple[Any, ...], by: Any) -> Any:
    """A copy of an event, with something else in one of its parts' place."""
    if not way:
        return by
    event = copy.deepcopy(event)
    part = event
    for step in way[:-1]:
        part = part[step]
    part[way[-1]] = by
    return event


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
@settings(max_examples=60)
@given(st.data())
def test_spoilt_event_is_understood_or_refused_in_words(orchestration: str, data: st.DataObject) -> None:
    event = EVENTS.get(orchestration, EVENTS["http_sync_s3"])
    sent = spoilt(event, data.draw(st.sampled_from(spots(event))), data.draw(JSON))
    function = load_orchestration(mapper_of(orchestration), lambda *_: None)

    try:
        for delivery in function.deliveries(sent):
            invocation = function.ingress(delivery.event, FakeContext())
    except EnvelopeError:
        return

    assert checked_run_id(invocation.run_id)


def mapper_of(orchestration: str) -> Settings:
    """A mapper's settings, for the recorded events."""
    return Settings(
        orchestration,
        "mapper",
        "wordcount-",
        "the-returns",
        "the-results",
        place=WORDCOUNT["mapper"],
        buckets=dict.fromkeys(STAGES, "wordcount-s3-triggers-input-123456789012"),
        tables={role: f"wordcount-dynamodb_triggers-{role.replace('-', '_')}" for role in STAGES},
    )


FAILURES = [
    "catch_json_cause", "catch_text_cause", "destination_bare_document", "destination_exception", "destination_object_branch",
    "destination_object_fan_in", "destination_timeout", "give_up",
]  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
@settings(max_examples=60)
@given(st.data())
def test_spoilt_failure_is_recorded_in_its_run_or_refused_in_words(name: str, data: st.DataObject) -> None:
    event = load_event(name)
    sent = spoilt(event, data.draw(st.sampled_from(spots(event))), data.draw(JSON))

    try:
        record = read_failure(sent, "wordcount-").json()
    except EnvelopeError:
        return

    assert checked_run_id(record["run"])
