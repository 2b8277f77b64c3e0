"""The envelope: what is one, what is refused, and that nothing in it can point outside its run."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.encoding import encode
from runtime.orchestration.workflow.envelope import (
    Directory,
    Elements,
    Envelope,
    EnvelopeError,
    FanOut,
    Inline,
    Pointer,
    is_envelope,
    parse_datum,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c), max_leaves=8
)


def envelope(**fields: Any) -> dict[str, Any]:
    return {"Session": "run1", "Data": Inline("value").json(), **fields}


@settings(max_examples=30)
@given(JSON)
def test_any_value_travels_inline(value: Any) -> None:
    assert Envelope.parse(envelope(Data=Inline(value).json())) == Envelope("run1", Inline(value))


DATA = (
    st.builds(Inline, JSON)
    | st.builds(Pointer, st.just("square.input/3.json"))
    | st.builds(Elements, st.just("split.input/1.json"))
    | st.builds(Directory, st.just("square"), st.integers(0, 9), st.sampled_from(["s3", "dynamodb", "redis"]))
)


@settings(max_examples=50)
@given(
    data=DATA | st.lists(DATA, max_size=3),
    fan_out=st.none() | st.builds(FanOut, st.just(2), st.integers(2, 9), st.none() | st.just("square/")),
    more=st.dictionaries(st.sampled_from(["Waiting", "Deadline"]), JSON),
)
def test_envelope_is_read_as_it_was_built(data: Any, fan_out: FanOut | None, more: dict[str, Any]) -> None:
    built = Envelope("run1", data, fan_out, more)

    assert Envelope.parse(json.loads(encode(built.json()))) == built


def test_claim_check() -> None:
    assert Envelope.parse(envelope(Data=Pointer("mapper.input/12.json").json())).data == Pointer("mapper.input/12.json")


def test_list_of_data_as_a_claim_check() -> None:
    assert Envelope.parse(envelope(Data=Elements("unum_map.input/1.json").json())).data == Elements("unum_map.input/1.json")


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_fan_in_directory(size: int) -> None:
    assert Envelope.parse(envelope(Data=Directory("unum_map", size).json())).data == Directory("unum_map", size)


def test_fan_in_of_values_in_the_envelope() -> None:
    assert Envelope.parse(envelope(Data=[Inline(1).json(), Pointer("reducer/2.json").json()])).data == [
        Inline(1),
        Pointer("reducer/2.json"),
    ]


@pytest.mark.parametrize(("index", "size"), [(1, 1), (1, 6), (6, 6)])
def test_place_in_a_fan_out(index: int, size: int) -> None:
    assert Envelope.parse(envelope(**{"Fan-out": {"Index": index, "Size": size}})).fan_out == FanOut(index, size)


@pytest.mark.parametrize(
    "fan_out",
    [
        {"Index": 0, "Size": 1},
        {"Index": 2, "Size": 1},
        {"Index": "1", "Size": 1},
        {"Index": True, "Size": 1},
        {"Index": 1},
        {},
        [],
        "1",
    ],
)
def test_impossible_place_in_a_fan_out_is_refused(fan_out: Any) -> None:
    with pytest.raises(EnvelopeError, match='"Fan-out" needs'):
        Envelope.parse(envelope(**{"Fan-out": fan_out}))


@pytest.mark.parametrize("run", ["a", "0", "20261123-a1", "A_b", "r" * 64])
def test_run_id(run: str) -> None:
    assert Envelope.parse(envelope(Session=run)).run_id == run


@pytest.mark.parametrize("run", ["", "-a", "_a", "a/b", "..", "a.b", "a b", "é", "run1\n", "r" * 65, None, 3, ["run1"]])
def test_what_is_no_run_id_is_refused(run: Any) -> None:
    with pytest.raises(EnvelopeError, match='"Session" is no run id'):
        Envelope.parse(envelope(Session=run))


@pytest.mark.parametrize("event", [None, [], "text", {}, {"Session": "run1"}, {"Data": {}}, [{"Session": "run1", "Data": 1}]])
def test_what_is_no_envelope_is_refused(event: Any) -> None:
    assert not is_envelope(event)
    with pytest.raises(EnvelopeError, match="not an envelope"):
        Envelope.parse(event)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1.json",
        "../other/1.json",
        "/mapper/1.json",
        "mapper//1.json",
        "mapper/../x/1.json",
        "s3://other/mapper/1.json",
        "mapper/0.json",
        "mapper/01.json",
        "mapper/1.json\n",
        "mapper/1.txt",
        "Mapper/1.json",
        "mapper.output/1.json",
        {"Directory": "mapper", "Size": 1},
        {"Directory": "../other/", "Size": 1},
        {"Directory": "a/b/", "Size": 1},
        {"Directory": "/", "Size": 1},
        {"Directory": "mapper/", "Size": -1},
        {"Directory": "mapper/", "Size": "1"},
        {"Directory": "mapper/", "Size": True},
        {"Directory": "mapper/"},
        None,
        3,
        ["mapper/1.json"],
    ],
)
def test_pointer_that_is_none_of_ours_is_refused(value: Any) -> None:
    with pytest.raises(EnvelopeError, match="neither a value nor a pointer into this run"):
        parse_datum({"Source": "s3", "Value": value})


@given(st.text(alphabet="./a_\\:1json\n") | st.text())
def test_no_accepted_pointer_leaves_the_run(key: str) -> None:
    try:
        parse_datum(Pointer(key).json())
    except EnvelopeError:
        return
    assert re.fullmatch(r"[a-z_][a-z0-9_]*(\.input)?/[0-9]+\.json", key, re.ASCII)


@pytest.mark.parametrize("datum", [None, "text", {}, {"Source": "http"}, {"Value": 1}, {"Source": "ftp", "Value": 1}])
def test_what_is_no_datum_is_refused(datum: Any) -> None:
    with pytest.raises(EnvelopeError, match='"Data" is neither'):
        Envelope.parse(envelope(Data=datum))


@settings(max_examples=30)
@given(JSON)
def test_encoding_keeps_every_value(value: Any) -> None:
    assert json.loads(encode(value)) == value


def test_encoding_is_compact_utf8() -> None:
    assert encode({"a": [1, "語"]}) == '{"a":[1,"語"]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), ["a\ud800"], {"\udfff": 1}])
def test_value_that_no_json_can_carry_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"not JSON compliant|lone surrogate"):
        encode(value)


def test_object_that_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        encode({1, 2})
