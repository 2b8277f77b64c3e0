"""What is measured, from what was asked for."""

import pytest

from scripts.bench.cli import parser
from scripts.bench.plan import Plan, plan
from scripts.orchestrations import ORCHESTRATIONS


def asked(*options: str) -> Plan:
    return plan(parser().parse_args(list(options)))


def test_three_sizes_of_all_orchestrations_unless_more_is_asked_for() -> None:
    chosen = asked()

    assert chosen.sizes == (0.12, 1.0, 5.0)
    assert chosen.orchestrations == ORCHESTRATIONS
    assert (chosen.runs, chosen.branches, chosen.emit_all, chosen.others) == (3, (2, 8, 32, 128, 512), (), False)


def test_every_row_of_the_table_needs_large_texts_and_emit_all() -> None:
    chosen = asked("--all")

    assert chosen.sizes == (0.12, 1.0, 5.0, 20.0, 100.0)
    assert chosen.others
    assert set(chosen.emit_all) == {"sfn", "http_sync_s3"}


def test_the_largest_texts_are_run_under_two_orchestrations_and_said_to_be() -> None:
    chosen = asked("--sizes", "20, 100")

    assert chosen.orchestrations_for(20) == ORCHESTRATIONS
    assert set(chosen.orchestrations_for(100)) == {"sfn", "http_sync_s3"}
    assert any("only sfn and http_sync_s3" in note for note in chosen.notes)


def test_emit_all_is_measured_on_large_texts_alone() -> None:
    chosen = asked("--all", "--orchestration", "http_only sfn")

    assert chosen.emit_all_for(5) == ()
    assert chosen.emit_all_for(20) == ("sfn",)


def test_quick_is_smaller_and_says_so() -> None:
    chosen = asked("--quick")

    assert (max(chosen.sizes), chosen.runs, chosen.objects) == (1.0, 1, 0.01)
    assert any(note.startswith("QUICK") for note in chosen.notes)


def test_what_is_asked_for_outdoes_quick() -> None:
    chosen = asked("--quick", "--runs", "4", "--sizes", "2", "--branches", "7")

    assert (chosen.sizes, chosen.runs, chosen.branches) == ((2.0,), 4, (7,))


def test_what_objects_leave_out_is_said() -> None:
    assert any("larger than 0.12 MB are not run in the layout objects" in note for note in asked().notes)


def test_variables_follow_the_layout_that_the_bench_is_about() -> None:
    assert asked("--vars", "memory_mb=1024").variables == "shuffle=packed memory_mb=1024"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sizes", "many"], "'many' is no size in MB"),
        (["--sizes", "0"], "'0' is no size in MB"),
        (["--sizes", "nan"], "'nan' is no size in MB"),
        (["--orchestration", "sfn step"], "there is no orchestration 'step'"),
        (["--runs", "-1"], "-1 is not 0 or more"),
        (["--branches", "0"], "0 is not from 1 to 10000"),
        (["--text", "missing.txt"], "there is no file 'missing.txt'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_begins(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(*options)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err
