"""The names of pairs stay what they are: another one would give a retried mapper of a running deployment new objects."""

from typing import Any

import pytest

from runtime.mapreduce.objects.bodies import Body
from runtime.mapreduce.objects.names import name_of_one, name_of_value, text_of


def test_names_stay_what_they_are() -> None:
    assert str(name_of_one("run1", 2, 3)) == "4a5a46de-5ca0-5135-8d8e-e7827f7b3d47"
    assert str(name_of_value("run1", 2, '{"a":null,"b":[1,"é"]}', 3)) == "391a5dd7-0372-5a51-959e-8745f5719c45"


@pytest.mark.parametrize(
    ("value", "text"),
    [({"b": [1, "é"], "a": None}, '{"a":null,"b":[1,"é"]}'), (1.0, "1.0"), (-0.0, "-0.0"), (True, "true"), ("", '""')],
)
def test_text_of_a_value_is_compact_sorted_json(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_body_is_compact_json_in_utf_8() -> None:
    assert Body(1, 2, 0, "é").to_bytes().decode() == '{"mapper":1,"number":2,"occurrence":0,"value":"é"}'
    assert Body(1, 2, 0, [1], "wö").to_bytes().decode() == '{"mapper":1,"number":2,"occurrence":0,"value":[1],"word":"wö"}'
