"""A fan-out against a model of S3 that takes 3,500 PUTs a second: how long it takes, and how often it is refused.

`python -m tests.simulation.test_request_rate` prints the figures.
"""

import pytest

from tests.fakes.request_rate import Outcome, fan_out

S3_RATE = 3500.0
LEAST_SHARE = 0.85


def describe(outcome: Outcome, rate: float) -> str:
    """The figures of a fan-out in one line."""
    return (
        f"{outcome.stored} objects in {outcome.seconds:.1f} s, {outcome.stored / outcome.seconds / rate:.0%} of the rate, "
        f"{outcome.refused} refused ({outcome.refused / outcome.stored:.1%}), {outcome.failed} mappers failed"
    )


@pytest.mark.parametrize("mappers", [24, 100])
def test_fan_out_settles_at_what_s3_takes_and_no_mapper_fails(mappers: int) -> None:
    outcome = fan_out(mappers, 96_000 // mappers)

    assert (outcome.failed, outcome.stored) == (0, 96_000 // mappers * mappers)
    assert outcome.stored >= LEAST_SHARE * S3_RATE * outcome.seconds, describe(outcome, S3_RATE)
    assert outcome.refused < 0.05 * outcome.stored, describe(outcome, S3_RATE)


def test_one_mapper_is_held_up_by_nothing() -> None:
    outcome = fan_out(1, 3000)

    # 32 puts under way, each of 45 ms on the average.
    assert outcome.refused == 0
    assert outcome.stored / outcome.seconds == pytest.approx(32 / 0.045, rel=0.05)


def test_fan_out_does_not_begin_with_a_storm() -> None:
    outcome = fan_out(100, 200)

    assert outcome.refused < 0.05 * outcome.stored, describe(outcome, S3_RATE)


def test_fan_out_finds_out_that_s3_takes_much_less() -> None:
    rate = 300.0
    outcome = fan_out(24, 600, rate=rate)

    assert (outcome.failed, outcome.stored) == (0, 24 * 600)
    assert outcome.stored >= LEAST_SHARE * rate * outcome.seconds, describe(outcome, rate)


def test_few_mappers_at_a_time_use_the_share_of_those_that_wait() -> None:
    outcome = fan_out(100, 1500, at_once=10)

    assert outcome.failed == 0
    assert outcome.stored >= 0.6 * S3_RATE * outcome.seconds, describe(outcome, S3_RATE)


def test_mapper_whose_time_runs_out_ends_in_time() -> None:
    outcome = fan_out(24, 6000, rate=300.0, lasts=20.0)

    assert outcome.failed == 24
    assert outcome.seconds < 22


if __name__ == "__main__":
    for mappers, words in ((1, 3000), (24, 6000), (100, 1500), (100, 11_000)):
        print(f"{mappers} mappers of {words} words: {describe(fan_out(mappers, words), S3_RATE)}", flush=True)
