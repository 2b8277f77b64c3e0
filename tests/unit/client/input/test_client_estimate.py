"""The estimate of a run: how long it emits, whether its mappers can end, what to do if they can't."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.errors import UsageError
from scripts.client.input.estimate import PUT_USD, Estimate, duration, estimate, refuse_if_endless
from scripts.compare import prices
from tests.fakes.deployed import wordcount


def deployed(*, embedded=False, mode=None, limit=300, orchestration="http_sync_s3", concurrency=None):
    return SimpleNamespace(
        is_embedded=embedded,
        sfn_map_mode=mode,
        orchestration=orchestration,
        concurrency=concurrency or {},
        timeout_of=lambda _: limit,
        workflow=wordcount(orchestration),
    )


def texts(*words):
    return ["word " * number for number in words]


def refusal(deployment, given):
    with pytest.raises(UsageError) as refused:
        refuse_if_endless(deployment, estimate(deployment, given), max(map(len, given)))
    return str(refused.value)


def test_many_mappers_together_reach_what_the_store_takes():
    assert estimate(deployed(), texts(*[3500] * 100)).seconds == 100


def test_few_mappers_reach_what_each_reaches_alone():
    assert estimate(deployed(), texts(700, 700)).seconds == 1


def test_the_embedded_aws_is_slower():
    assert estimate(deployed(embedded=True), texts(*[1000] * 10)).seconds == 10


def test_a_mapper_shares_the_store_with_those_that_run_beside_it():
    assert estimate(deployed(), texts(*[3500] * 100)).mapper_seconds == 100


@pytest.mark.parametrize(
    ("deployment", "account"),
    [(deployed(concurrency={"mapper": 40}), None), (deployed(mode="INLINE"), None), (deployed(), 40)],
)
def test_fewer_mappers_at_once_share_it_with_fewer(deployment, account):
    assert estimate(deployment, texts(*[3500] * 100), account).mapper_seconds == 40


def test_a_distributed_map_is_not_bounded_like_an_inline_one():
    assert estimate(deployed(mode="DISTRIBUTED"), texts(*[3500] * 100)).mapper_seconds == 100


def test_one_large_chunk_takes_its_mapper_as_long_as_its_own_rate_does():
    found = estimate(deployed(), texts(70_000, 7))

    assert (found.mapper_seconds, found.seconds) == (100, 100)


@pytest.mark.parametrize("given", [[], [""], ["", "\n"]])
def test_no_words_take_no_time(given):
    found = estimate(deployed(), given)

    assert (found.seconds, found.fits, found.notice) == (0, True, None)


@pytest.mark.parametrize(("words", "told"), [(10_000, None), (10_001, "10,001 words")])
def test_more_than_five_cents_is_told(words, told):
    notice = estimate(deployed(), texts(words)).notice

    assert (notice is None) if told is None else told in notice


@pytest.mark.parametrize(("seconds", "told"), [(60, None), (61, "emitting takes about 1 min 1 s")])
def test_more_than_a_minute_is_told(seconds, told):
    notice = Estimate([100 * seconds], None, 100, 100, 300).notice

    assert (notice is None) if told is None else told in notice


@pytest.mark.parametrize(
    ("embedded", "told"),
    [(False, "takes about 29 s and costs 0.5 USD. For"), (True, "takes about 1 min 40 s and costs 0.5 USD on AWS. For")],
)
def test_time_and_price_are_told_with_what_takes_less_of_both(embedded, told):
    notice = estimate(deployed(embedded=embedded), texts(*[5000] * 20)).notice

    assert told in notice
    assert "--shuffle packed" in notice


def test_the_price_of_a_put_is_the_comparisons():
    assert prices.table()["s3_put_list"]["usd"] == PUT_USD


@pytest.mark.parametrize(("words", "fits"), [(300_000, True), (301_000, False)])
def test_the_limit_decides(words, fits):
    deployment = deployed(embedded=True, limit=300)
    found = estimate(deployment, texts(words))

    assert found.fits is fits
    if fits:
        refuse_if_endless(deployment, found, 1)


def test_a_refusal_names_the_words_the_rate_and_the_limit():
    told = refusal(deployed(embedded=True), texts(*[10_000] * 77))

    assert "770,000 words" in told
    assert "1,000 a second, which 77 mappers share" in told
    assert "needs about 12 min 50 s and may run 5 min" in told
    assert "--shuffle packed" in told
    assert "--force" in told


def test_smaller_chunks_are_advised_where_they_help():
    bounded = deployed(embedded=True, mode="INLINE", orchestration="sfn")

    told = refusal(bounded, texts(*[11_000] * 77))

    size = int(told.partition("--chunk-bytes ")[2].partition(")")[0])
    words = size // len("word ")
    assert estimate(bounded, texts(*[words] * (77 * 11_000 // words))).fits


def test_smaller_chunks_are_not_advised_where_all_run_at_once():
    assert "--chunk-bytes" not in refusal(deployed(embedded=True), texts(*[10_000] * 77))


def test_one_chunk_alone_is_advised_to_be_cut():
    assert "--chunk-bytes" in refusal(deployed(), texts(300_000))


@pytest.mark.parametrize(
    ("orchestration", "words", "told"),
    [
        ("http_sync_s3", 400_000, "timeout_seconds=500"),
        ("http_sync_s3", 900_000, "in parts"),
        ("http_only", 400_000, "in parts"),
    ],
)
def test_a_longer_limit_is_advised_where_there_is_one(orchestration, words, told):
    deployment = deployed(embedded=True, limit=280, orchestration=orchestration)

    assert told in refusal(deployment, texts(*[words // 100] * 100))


@given(st.lists(st.integers(0, 10_000), max_size=50), st.none() | st.integers(1, 60), st.integers(1, 5000), st.integers(1, 5000))
def test_no_mapper_is_slower_than_all_and_none_is_faster_than_the_rates(words, bound, store, alone):
    found = Estimate(sorted(words, reverse=True), bound, store, alone, 300)

    assert found.mapper_seconds <= found.seconds
    assert found.seconds * store >= sum(words) - 1e-6
    assert found.mapper_seconds * alone >= max(words, default=0) - 1e-6


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (45, "45 s"), (59.5, "1 min"), (60, "1 min"), (200, "3 min 20 s"), (3600, "1 h"), (7500, "2 h 5 min")],
)
def test_durations(seconds, told):
    assert duration(seconds) == told


def test_chunks_that_outlast_what_a_stream_keeps_are_refused():
    longer = Estimate([100_000] * 3100, 10, 3500, 700, 900)

    with pytest.raises(UsageError, match="what waits for them is kept for 24 h"):
        refuse_if_endless(deployed(orchestration="dynamodb_triggers"), longer, 1)

    refuse_if_endless(deployed(orchestration="s3_triggers"), longer, 1)


def test_chunks_that_a_stream_keeps_for_long_enough_are_not_refused():
    refuse_if_endless(deployed(orchestration="dynamodb_triggers"), Estimate([100_000] * 3000, 10, 3500, 700, 900), 1)
