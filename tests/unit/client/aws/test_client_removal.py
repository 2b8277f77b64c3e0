"""Many objects are deleted to the last one, whatever the store refuses at first; how far it is, is told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import obstore
import pytest
from obstore.exceptions import GenericError, PermissionDeniedError
from obstore.store import MemoryStore

from scripts.client.aws import removal
from scripts.client.aws.removal import remove_below, remove_what_appears
from scripts.client.errors import StorageError
from scripts.client.report.console import showing_removal
from tests.fakes.clock import FakeTime

SLOW_DOWN = GenericError("DeleteObjects request failed for key a: Please reduce your request rate. (code: SlowDown)")


class Store(MemoryStore):
    config = {"bucket": "b"}  # noqa: RUF012


@pytest.fixture
def store():
    made = Store()
    for i in range(3500):
        obstore.put(made, f"r1/{i}", b"")
    obstore.put(made, "r10/other", b"")
    return made


@pytest.fixture
def refusals(monkeypatch):
    """Errors that the next deletes end with, half of the objects being gone."""
    waiting, real = [], obstore.delete

    def delete(store, keys):
        with suppress(IndexError):
            error = waiting.pop()
            real(store, keys[: len(keys) // 2])
            raise error
        real(store, keys)

    monkeypatch.setattr(obstore, "delete", delete)
    monkeypatch.setattr(removal, "CLOCK", FakeTime())
    return waiting


def left(store):
    return [item["path"] for page in obstore.list(store) for item in page]


def test_all_below_a_prefix_goes_and_nothing_beside_it(store):
    assert remove_below(store, "r1/") == 3500
    assert left(store) == ["r10/other"]


def test_how_far_it_is_is_told(store):
    told = []

    remove_below(store, "r1/", lambda found, removed: told.append((found, removed)))

    assert told[-1] == (3500, 3500)
    assert told == sorted(told)
    assert len(told) >= 4


def test_what_was_refused_as_too_fast_is_deleted_later(store, refusals):
    refusals += [SLOW_DOWN] * 9

    assert remove_below(store, "r1/") == 3500
    assert left(store) == ["r10/other"]


def test_a_store_that_refuses_for_ever_ends_it(store, refusals):
    refusals += [SLOW_DOWN] * 100_000

    with pytest.raises(StorageError, match="SlowDown"):
        remove_below(store, "r1/")


def test_what_will_not_pass_is_tried_once(store, refusals):
    refusals += [PermissionDeniedError("AccessDenied")] * 100_000

    with pytest.raises(StorageError, match="access denied"):
        remove_below(store, "r1/")

    assert len(refusals) >= 100_000 - 8


def test_after_ctrl_c_no_request_is_begun(store, monkeypatch):
    begun, over = [], threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait=True, *, cancel_futures=False):
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            over.set()
            super().shutdown(wait=wait)

    def press(found, removed):
        if found >= 120:
            raise KeyboardInterrupt

    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor", Pool)
    monkeypatch.setattr(obstore, "delete", lambda store, keys: begun.append(over.wait(20)))
    monkeypatch.setattr(removal, "_BATCH", 10)

    with pytest.raises(KeyboardInterrupt):
        remove_below(store, "r1/", press)

    assert len(begun) <= removal._THREADS < 12


def test_no_more_is_listed_than_is_soon_deleted(store, monkeypatch):
    monkeypatch.setattr(removal, "_BATCH", 10)
    ahead = []

    remove_below(store, "r1/", lambda found, removed: ahead.append(found - removed))

    assert max(ahead) <= 10 * (removal._AHEAD + 1)  # of one, it is not told yet that it is deleted


@pytest.mark.parametrize(("pause", "lines"), [(0.0, 1), (5.0, 0)])
def test_only_a_removal_that_takes_a_while_is_shown(capsys, monkeypatch, pause, lines):
    monkeypatch.setattr("scripts.client.report.console._LINE_SECONDS", pause)

    with showing_removal(quiet=False) as tell:
        tell(188_576, 5_000)

    assert capsys.readouterr().err.count("removing intermediate objects: 5,000 are gone, 188,576 were found so far") == lines


@pytest.fixture
def emitting(monkeypatch):
    """A store whose first deletes are each followed by one object more, as where a mapper is still at work."""
    made, waiting, real = Store(), [], obstore.delete

    def delete(store, keys):
        real(store, keys)
        if waiting:
            obstore.put(store, waiting.pop(), b"")

    obstore.put(made, "r1/first", b"")
    monkeypatch.setattr(obstore, "delete", delete)
    return made, waiting


def test_what_appears_meanwhile_goes_too(emitting):
    store, waiting = emitting
    waiting += ["r1/second", "r1/third"]

    remove_what_appears(store, "r1/")

    assert left(store) == []


def test_what_never_ends_to_appear_is_told(emitting):
    store, waiting = emitting
    waiting += [f"r1/{i}" for i in range(100)]

    with pytest.raises(StorageError, match="new objects keep appearing"):
        remove_what_appears(store, "r1/")
