"""lock: one claimant wins, a claimant that died re-enters, and one that is gone is taken over."""

import json
import threading
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws.errors import StorageError
from runtime.concurrency import at_once
from runtime.orchestration.s3_triggers.lock import claim
from runtime.ports import Ports, ports, using
from tests.fakes.clock import FakeTime
from tests.fakes.objects import Objects

STALE_SECONDS = 100.0


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Objects:
    return installed(Objects(), monkeypatch)


def installed(objects: Objects, patch: pytest.MonkeyPatch) -> Objects:
    for name in ("create", "get_version", "replace"):
        patch.setattr(ports().s3, name, getattr(objects, name))
    return objects


def claimed(owner: str, at: float = 0.0) -> bool:
    own = Ports(clock=FakeTime(at), s3=ports().s3)
    with using(own):
        return claim("b", "run1/.lock", owner, STALE_SECONDS)


def held(objects: Objects) -> Any:
    return json.loads(objects.bodies["b", "run1/.lock"].body)


def test_first_claimant_holds_the_lock(objects: Objects) -> None:
    assert claimed("one", 5.0)

    assert held(objects) == {"Owner": "one", "Time": 5.0}


def test_second_claimant_does_not(objects: Objects) -> None:
    assert claimed("one")
    assert not claimed("two")

    assert held(objects)["Owner"] == "one"


def test_owner_enters_again_and_its_time_begins_anew(objects: Objects) -> None:
    assert claimed("one", 1.0)
    assert claimed("one", 50.0)

    assert held(objects)["Time"] == 50.0
    assert not claimed("two", 50.0 + STALE_SECONDS - 0.1)


@pytest.mark.parametrize(("age", "taken"), [(0.0, False), (99.9, False), (100.0, True), (1000.0, True)])
def test_lock_is_taken_over_once_it_is_old(age: float, taken: bool, objects: Objects) -> None:
    assert claimed("one", 1000.0)

    assert claimed("two", 1000.0 + age) is taken

    assert held(objects) == ({"Owner": "two", "Time": 1000.0 + age} if taken else {"Owner": "one", "Time": 1000.0})


def test_old_lock_is_taken_over_by_one(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    assert claimed("gone", 0.0)
    both_have_read, get_version = threading.Barrier(2, timeout=20), objects.get_version
    first = threading.local()

    def read_together(bucket: str, key: str) -> Any:
        found = get_version(bucket, key)
        if not hasattr(first, "done"):
            first.done = True
            both_have_read.wait()
        return found

    monkeypatch.setattr(ports().s3, "get_version", read_together)

    won = at_once([partial(claimed, owner, 500.0) for owner in ("one", "two")])

    assert sorted(won) == [False, True]
    assert held(objects)["Owner"] == ("one" if won[0] else "two")


def test_lost_answer_to_ones_own_creation_still_wins(objects: Objects) -> None:
    objects.lost_answers = 1

    assert claimed("one")
    assert not claimed("two")


def test_conflict_with_nothing_there_is_tried_again(objects: Objects) -> None:
    objects.conflicts = 3

    assert claimed("one")

    assert held(objects)["Owner"] == "one"


def test_conflict_without_end_is_an_error(objects: Objects) -> None:
    objects.conflicts = 1000

    with pytest.raises(StorageError, match=r"s3:PutObject on s3://b/run1/\.lock failed: others create and delete"):
        claimed("one")

    assert objects.conflicts > 900


@given(
    claims=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 40), st.booleans(), st.integers(0, 2)), min_size=1, max_size=30),
)
def test_winner_stays_the_winner_until_its_lock_is_old(claims: list[tuple[int, float, bool, int]]) -> None:
    """Whoever claims in whatever order, with lost answers and conflicts: the model is one owner and its time."""
    with pytest.MonkeyPatch.context() as patch:
        objects = installed(Objects(), patch)
        owner: str | None = None
        since = now = 0.0
        for number, pause, lost, conflicts in claims:
            now += pause
            claimant = f"claimant {number}"
            objects.lost_answers, objects.conflicts = int(lost and owner is None), conflicts
            if owner is None or claimant == owner or now - since >= STALE_SECONDS:
                owner, since = claimant, now

            assert claimed(claimant, now) is (claimant == owner)
            assert held(objects) == {"Owner": owner, "Time": since}


@given(owners=st.lists(st.integers(0, 5), min_size=2, max_size=12), lost=st.integers(0, 1))
def test_claimants_at_once_have_one_winner(owners: list[int], lost: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        objects = installed(Objects(), patch)
        objects.lost_answers = lost

        won = at_once([partial(claimed, f"claimant {owner}") for owner in owners], len(owners))

        winners = {owner for owner, has_won in zip(owners, won, strict=True) if has_won}
        assert len(winners) == 1
        assert all(has_won is (owner in winners) for owner, has_won in zip(owners, won, strict=True))
