"""What an account runs at once: asked for beside other work, and told to whoever starts a run that needs more."""

import re
import threading
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.aws.capacity import Capacity, crowding
from tests.fakes.deployed import wordcount


def deployed(orchestration="sfn", *, bound=None, return_store="s3"):
    concurrency = {} if bound is None else {"mapper": bound, "reducer": bound}
    workflow = wordcount(orchestration)
    return SimpleNamespace(orchestration=orchestration, concurrency=concurrency, return_store=return_store, workflow=workflow)


def noted(deployment, chunks, reducers, limit):
    return crowding(deployment, {"mapper": chunks, "reducer": reducers}, limit)


def account(settings, *, embedded=False):
    client = SimpleNamespace(get_account_settings=settings)
    return SimpleNamespace(deployment=SimpleNamespace(is_embedded=embedded), client=lambda service: client)


def told(limit=10):
    return {"AccountLimit": {"ConcurrentExecutions": limit}}


def test_an_account_is_asked_what_it_runs_at_once():
    assert Capacity(account(told)).limit(20) == 10


def denied():
    raise PermissionError("lambda:GetAccountSettings")


@pytest.mark.parametrize("settings", [denied, dict], ids=["denied", "empty"])
def test_an_account_that_does_not_tell_has_no_limit_known(settings, capfd):
    assert Capacity(account(settings)).limit(20) is None
    assert capfd.readouterr() == ("", "")


def test_the_embedded_aws_is_not_asked():
    asked = []

    assert Capacity(account(lambda: asked.append(1) or told(), embedded=True)).limit(20) is None
    assert asked == []


def test_an_answer_that_is_late_is_not_waited_for():
    asked, may_answer = threading.Event(), threading.Event()

    def late():
        asked.set()
        may_answer.wait(20)
        return told()

    capacity = Capacity(account(late))
    assert asked.wait(20)

    assert capacity.limit(0.01) is None
    may_answer.set()
    assert capacity.limit(20) == 10


@pytest.mark.parametrize(
    ("deployment", "chunks", "reducers", "advice"),
    [
        (deployed("sfn", bound=40), 41, 3, "start 40 of this run, .* sfn.map_concurrency=10,"),
        (deployed("sfn", bound=40), 3, 11, "start 11 of this run, .* sfn.map_concurrency=10,"),
        (deployed("http_only", bound=64), 10, 3, "needs 11, .* http_only.fan_out_concurrency=8,"),
        (deployed("http_only", bound=64), 1, 9, "needs 11, .* http_only.fan_out_concurrency=8,"),
        (deployed("http_only", bound=64), 100, 3, "needs 65, .* http_only.fan_out_concurrency=8,"),
        (deployed("http_sync_s3"), 11, 3, "11 branches of mapper, which take turns, .* http_sync_s3.return_store=dynamodb,"),
        (deployed("http_sync_s3", return_store="redis"), 3, 11, "11 branches of reducer, .* http_sync_s3.return_store=dynamodb,"),
    ],
)
def test_a_run_that_needs_more_is_noted_with_what_to_do(deployment, chunks, reducers, advice):
    note = noted(deployment, chunks, reducers, 10)

    assert note is not None
    assert note.startswith("this account runs 10 functions at once. ")
    assert note.endswith(", or ask AWS for a higher limit")
    assert re.search(advice, note)


@pytest.mark.parametrize(
    ("deployment", "chunks", "reducers"),
    [
        (deployed("sfn", bound=10), 400, 400),
        (deployed("sfn", bound=40), 10, 10),
        (deployed("http_only", bound=64), 9, 8),
        (deployed("http_only", bound=8), 100, 100),
        (deployed("http_sync_s3"), 10, 10),
        (deployed("http_sync_s3", bound=5), 100, 100),
        (deployed("http_sync_s3", return_store="dynamodb"), 100, 100),
        (deployed("s3_triggers"), 100, 100),
        (deployed("dynamodb_triggers"), 100, 100),
    ],
)
def test_a_run_that_fits_or_whose_events_may_wait_is_not_noted(deployment, chunks, reducers):
    assert noted(deployment, chunks, reducers, 10) is None


@pytest.mark.parametrize(("orchestration", "limit"), [("http_only", 2), ("http_only", 1), ("http_sync_s3", 1)])
def test_a_run_that_waits_for_what_can_never_begin_is_noted_as_such(orchestration, limit):
    assert "can't end" in noted(deployed(orchestration), 5, 3, limit)


@pytest.mark.parametrize("orchestration", ["http_only", "http_sync_s3"])
def test_nothing_is_noted_where_the_limit_is_not_known(orchestration):
    assert noted(deployed(orchestration), 5000, 5000, None) is None


@given(st.integers(3, 2000), st.integers(1, 5000), st.integers(1, 5000))
def test_what_is_advised_makes_the_run_fit(limit, chunks, reducers):
    for orchestration, bound in (("sfn", limit), ("http_only", limit - 2)):
        assert noted(deployed(orchestration, bound=bound), chunks, reducers, limit) is None
