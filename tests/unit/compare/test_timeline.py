"""Times of a run from its log lines."""

import pytest

from scripts.compare import timeline
from scripts.compare.timeline import HandOver, Invocation, TelemetryError
from tests.fakes.deployed import wordcount


def line(function: str, started: float, component: float | None, **more) -> Invocation:
    """An invocation that read its input for 0.1 s and stored its value for 0.2 s."""
    fields = {
        "function": function,
        "index": 1,
        "request_id": f"{function}-{started}",
        "outcome": "ok",
        "started": started,
        "ingress_ms": 100,
        "component_ms": None if component is None else component * 1000,
        "egress_ms": 200,
        "requests": {},
        **more,
    }
    return Invocation.parse({name: value for name, value in fields.items() if value is not None}, (400, 512))


WORKFLOW = wordcount("sfn")

RUN = [
    line("mapper", 10.0, 1.0, index=1),
    line("mapper", 10.5, 2.0, index=2),
    line("partition", 13.0, 0.5),
    line("reducer", 14.0, 1.0, index=1),
    line("reducer", 14.4, 0.4, index=2),
    line("summary", 16.0, 0.1),
]


def test_a_hand_over_is_from_the_last_end_to_the_first_and_the_last_begin():
    found = timeline.times(WORKFLOW, RUN, 9.0, 17.0)

    assert [(each.edge, round(each.first, 6), round(each.last, 6)) for each in found.hand_overs] == [
        ("mapper-partition", 0.5, 0.5),
        ("partition-reducer", 0.5, 0.9),
        ("reducer-summary", 1.0, 1.0),
    ]
    assert found.hand_over == pytest.approx(2.0)


def test_the_parts_add_up_to_the_whole():
    found = timeline.times(WORKFLOW, RUN, 9.0, 17.0)

    assert found.start + found.hand_over + sum(found.stages.values()) + found.finish == pytest.approx(found.end_to_end) == 8.0
    assert found.components == pytest.approx(5.0)


def test_a_run_without_words_has_no_reducers():
    found = timeline.times(WORKFLOW, [each for each in RUN if each.function != "reducer"], 9.0, 17.0)

    assert [each.edge for each in found.hand_overs] == ["mapper-partition", "partition-summary"]


def test_what_was_turned_back_repeated_or_failed_did_not_do_the_work():
    others = [
        line("mapper", 9.5, None, index=2, outcome="turned back"),
        line("mapper", 9.6, 0.1, index=2, outcome="error"),
        line("mapper", 20.0, None, index=1, duplicate=True),
        line("partition", 30.0, None, index=2, outcome="turned back"),
        line("summary", 31.0, 0.5, index=2),  # another summary, later: the first did the work
    ]

    found = timeline.times(WORKFLOW, [*others, *RUN], 9.0, 17.0)

    assert found.start == pytest.approx(1.1)
    assert found.hand_overs == timeline.times(WORKFLOW, RUN, 9.0, 17.0).hand_overs
    assert found.components == pytest.approx(5.6)


def test_a_run_whose_logs_lack_the_end_has_no_times():
    with pytest.raises(TelemetryError, match="no summary"):
        timeline.times(WORKFLOW, RUN[:-1], 9.0, 17.0)


def test_lambda_bills_what_report_says_by_memory():
    assert timeline.gb_seconds(RUN) == pytest.approx(6 * 0.4 * 0.5)
    assert timeline.own_gb_seconds(RUN) == pytest.approx((5.0 + 6 * 0.3) * 0.5)


def test_times_as_json_are_rounded():
    found = timeline.Times(1.23456789, 0.0, 0.0, (HandOver("a-b", 0.123456, 1.0),), 0.0, {"mapper": 1.00009})

    assert found.as_json()["end_to_end"] == 1.2346
    assert found.as_json()["hand_overs"] == [{"edge": "a-b", "first": 0.1235, "last": 1.0}]
    assert found.as_json()["stages"] == {"mapper": 1.0001}
