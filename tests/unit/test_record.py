"""Records: what dataclasses would do, by other means."""

import copy
import pickle
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

import pytest

from runtime.record import field, record, replace


@record
class Mine:
    name: str
    size: int = 1
    notes: dict[str, int] = field(default_factory=dict)
    secret: str = field(default_factory=str, repr=False)

    @property
    def doubled(self) -> int:
        return 2 * self.size


@dataclass(frozen=True)
class Theirs:
    name: str
    size: int = 1
    notes: dict[str, int] = dataclass_field(default_factory=dict)
    secret: str = dataclass_field(default="", repr=False)


@record
class Other:
    name: str


ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a", 2), {"notes": {"x": 1}}),
    ((), {"name": "a", "secret": "s"}),
    ((), {}),
    ((), {"size": 2}),
    (("a",), {"name": "b"}),
    (("a", 1, {}, "s", 5), {}),
    (("a",), {"colour": "red"}),
]


@pytest.mark.parametrize(("values", "named"), ARGUMENTS)
def test_object_is_made_and_shown_as_that_of_a_dataclass(values: Any, named: Any) -> None:
    def shown(cls: Any) -> str:
        try:
            return repr(cls(*values, **named)).replace("Theirs", "Mine")
        except TypeError:
            return "TypeError"

    assert shown(Mine) == shown(Theirs)


def test_equal_are_those_of_one_class_with_equal_fields() -> None:
    assert Mine("a", 2) == Mine("a", size=2)
    assert Mine("a") != Mine("b")
    assert Other("a") != Mine("a")
    assert hash(Other("a")) == hash(Other("a"))
    with pytest.raises(TypeError, match="unhashable"):
        hash(Mine("a"))


def test_fields_can_be_neither_set_nor_deleted() -> None:
    mine = Mine("a")

    with pytest.raises(AttributeError, match=r"Mine\.name can't be set"):
        mine.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError, match=r"Mine\.name can't be deleted"):
        del mine.name
    with pytest.raises(AttributeError):
        mine.colour = "red"  # type: ignore[attr-defined]
    assert mine == Mine("a")


def test_default_that_can_be_changed_is_each_object_s_own() -> None:
    Mine("a").notes["x"] = 1

    assert Mine("a").notes == {}


def test_replaced_is_another_object() -> None:
    mine = Mine("a", 2, {"x": 1})

    assert replace(mine, size=3) == Mine("a", 3, {"x": 1})
    assert mine.size == 2
    assert replace(mine, size=3).doubled == 6
    with pytest.raises(TypeError, match="colour"):
        replace(mine, colour="red")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])  # noqa: S301 our own
def test_copies_are_equal(copied: Any) -> None:
    assert copied(Mine("a", 2)) == Mine("a", 2)


def test_pattern_matches_by_place() -> None:
    match Mine("a", 2):
        case Mine(name, size):
            assert (name, size) == ("a", 2)
