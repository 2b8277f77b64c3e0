"""`scripts/try.sh`: what it runs, prints and writes, and with which exit code it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.inline.cli import main
from tests.unit.inline.conftest import MakeJob


def tried(capfdbinary: Any, *arguments: Any) -> tuple[int, str, str]:
    status = main(list(map(str, arguments)))
    out, err = capfdbinary.readouterr()
    return status, out.decode(), err.decode()


def test_wordcount_is_tried_where_no_job_is_given(tmp_path: Path, capfdbinary: Any) -> None:
    (tmp_path / "book.txt").write_text("to be or\nnot to be\n")

    status, out, err = tried(capfdbinary, tmp_path / "book.txt", "--json")

    assert (status, json.loads(out)) == (0, {"be": 2, "not": 1, "or": 1, "to": 2})
    assert "6 words, 4 distinct; 2 mappers, 3 reducers, packed, in " in err


@pytest.mark.parametrize("shuffle", ["packed", "objects"])
def test_job_is_tried_with_its_own_input_and_settings(shuffle: str, make_job: MakeJob, capfdbinary: Any) -> None:
    job = make_job(**{"job.toml": f'shuffle = "{shuffle}"\nnum_reducer = 2\n'})

    status, out, err = tried(capfdbinary, "--job", job, "--json")

    assert (status, json.loads(out)) == (0, {"a": 4, "b": 7, "c": 4})
    assert f"2 reducers, {shuffle}" in err


def test_result_is_written_as_the_client_writes_it(make_job: MakeJob, tmp_path: Path, capfdbinary: Any) -> None:
    status, out, _ = tried(capfdbinary, "--job", make_job(), "--output", tmp_path / "out.csv", "--top", 1)

    assert status == 0
    assert "│ b    │     7 │" in out
    assert (tmp_path / "out.csv").read_bytes() == b"word,value\r\na,4\r\nb,7\r\nc,4\r\n"


def test_print_of_the_job_is_shown_beside_the_result_and_counters_below(make_job: MakeJob, capfdbinary: Any) -> None:
    text = (
        "from runtime.mapreduce import count\nprint('imported')\n"
        "def user_map(text):\n    print(f'mapping {text!r}')\n    count('texts')\n    yield 'a', 1\n"
    )

    status, out, err = tried(capfdbinary, "--job", make_job("a\nb\n", user_map=text), "--json")

    assert (status, json.loads(out)) == (0, {"a": 2})
    assert err.startswith("imported\nmapping 'a\\n'\nmapping 'b\\n'\n")
    assert err.endswith("counters:\n  texts  2\n")


def test_params_of_the_command_go_before_those_of_the_job(make_job: MakeJob, capfdbinary: Any) -> None:
    text = "from runtime.mapreduce import param\ndef user_map(text):\n    yield 'a', [param('x'), param('y'), param('z')]\n"
    job = make_job("a\n", user_map=text, user_reduce="def user_reduce(word, values):\n    return values[0]\n")
    (job / "job.toml").write_text('[params]\nx = 1\ny = "01"\n')

    status, out, _ = tried(capfdbinary, "--job", job, "--param", "z=[true]", "--params", "x=7 y=02", "--json")

    assert (status, json.loads(out)) == (0, {"a": [7, "02", [True]]})


def test_records_are_read_as_the_job_says(make_job: MakeJob, tmp_path: Path, capfdbinary: Any) -> None:
    text = (
        "from runtime.mapreduce import records\n"
        "def user_map(text, source):\n    for record in records(text, source):\n        yield record['who'], int(record['n'])\n"
    )
    job = make_job(user_map=text, **{"job.toml": '[input]\nformat = "csv"\nencoding = "latin-1"\n'})
    for name in ("x.csv", "y.csv"):
        (tmp_path / name).write_bytes('who,n\né,1\n"b\nb",2\n'.encode("latin-1"))

    status, out, _ = tried(capfdbinary, "--job", job, tmp_path / "x.csv", tmp_path / "y.csv", "--json")

    assert (status, json.loads(out)) == (0, {"b\nb": 4, "é": 2})


FAILING_LINE = "a 1\nb 2\na x3\n"


def test_error_shows_the_job_s_own_frames_and_what_it_was_at_work_on(make_job: MakeJob, capfdbinary: Any) -> None:
    job = make_job(FAILING_LINE, helper="import json\ndef number(text):\n    return json.loads(text)\n")
    (job / "user_map.py").write_text("from helper import number\n" + (job / "user_map.py").read_text().replace("int(", "number("))

    status, out, err = tried(capfdbinary, "--job", job)

    assert (status, out) == (1, "")
    assert [line.strip() for line in err.splitlines() if line.startswith("  File")] == [
        f'File "{job}/user_map.py", line 5, in user_map',
        f'File "{job}/helper.py", line 3, in number',
    ]
    assert "JSONDecodeError: Expecting value" in err
    assert err.endswith(f"    text = 'x3'\n  user_map was given the text from byte 8 of {job}/input.txt on: 'a x3\\n'\n")


def test_error_of_a_reduce_names_the_word_and_the_values(make_job: MakeJob, capfdbinary: Any) -> None:
    job = make_job(user_reduce="def user_reduce(word, values):\n    return 1 / (values[0] - 2)\n")

    status, _, err = tried(capfdbinary, "--job", job)

    assert status == 1
    assert "ZeroDivisionError" in err
    assert err.endswith("  user_reduce was given the word 'b' and the values [2, 5]\n")


def test_error_of_a_combiner_names_the_word_and_the_values(make_job: MakeJob, capfdbinary: Any) -> None:
    job = make_job("a 1\n" * 9, user_combine="def user_combine(word, values):\n    raise LookupError('mine')\n")

    status, _, err = tried(capfdbinary, "--job", job)

    assert status == 1
    assert f'File "{job}/user_combine.py", line 2' in err
    assert "user_combine was given the word 'a' and the values [1, 1" in err


def test_combiner_that_the_layout_leaves_out_is_told(make_job: MakeJob, capfdbinary: Any) -> None:
    job = make_job(user_combine="def user_combine(word, values):\n    return sum(values)\n")

    assert "user_combine was left out" in tried(capfdbinary, "--job", job, "--shuffle", "objects")[2]
    assert "left out" not in tried(capfdbinary, "--job", job)[2]


def test_each_error_of_a_group_has_the_job_s_own_frames_alone(make_job: MakeJob, capfdbinary: Any) -> None:
    text = (
        "import json\ndef user_map(text):\n    try:\n        json.loads('{')\n"
        "    except ValueError as error:\n        raise ExceptionGroup('both', [error, KeyError(text)])\n"
    )

    status, _, err = tried(capfdbinary, "--job", make_job("a\n", user_map=text))

    assert status == 1
    assert "JSONDecodeError" in err
    assert {line.split('"')[1].rpartition("/")[2] for line in err.splitlines() if " File " in line} == {"user_map.py"}


def test_generator_as_a_reduce_is_told_what_to_write(make_job: MakeJob, capfdbinary: Any) -> None:
    job = make_job(user_reduce="def user_reduce(word, values):\n    yield sum(values)\n")

    status, _, err = tried(capfdbinary, "--job", job)

    assert status == 1
    assert err.startswith(f"TypeError: user_reduce in {job}/user_reduce.py returned <generator object")
    assert "return one value for each word, with return in place of yield" in err


@pytest.mark.parametrize(
    ("helper", "told"),
    [
        ("def f(:\n", "SyntaxError: invalid syntax"),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
    ],
)
def test_module_that_cannot_be_imported_is_told_with_its_line(
    helper: str, told: str, make_job: MakeJob, capfdbinary: Any
) -> None:
    job = make_job(helper=helper, user_map="import helper\ndef user_map(text):\n    yield text, 1\n")

    status, _, err = tried(capfdbinary, "--job", job)

    assert status == 1
    assert f'File "{job}/helper.py", line 1' in err
    assert told in err


def test_debugger_stops_in_the_job_s_own_code(make_job: MakeJob, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[Any] = []
    monkeypatch.setattr("pdb.post_mortem", stopped.append)
    job = make_job(FAILING_LINE, user_reduce="def user_reduce(word, values):\n    return int('x')\n")

    assert tried(capfdbinary, "--job", job, "--pdb")[0] == 1

    (trace,) = stopped
    assert (trace.tb_frame.f_code.co_filename, trace.tb_frame.f_locals["line"]) == (f"{job}/user_map.py", "a x3")
    assert trace.tb_next is None


def test_steps_follow_each_other_with_their_own_modules_and_params(make_job: MakeJob, capfdbinary: Any) -> None:
    job = make_job(
        by_sum="from runtime.mapreduce import param, records\ndef user_map(text, source):\n"
        "    for word, total in records(text, source):\n        yield f'{param(\"sign\")}{total}', [word]\n",
        words="def user_reduce(word, values):\n    return sorted(word for words in values for word in words)\n",
    )
    (job / "job.toml").write_text(
        '[params]\nsign = "="\n[[steps]]\n[[steps]]\nmap = "by_sum"\nreduce = "words"\nparams = {sign = "#"}\n'
    )

    status, out, err = tried(capfdbinary, "--job", job, "--json")

    assert status == 0, err
    assert json.loads(out) == {"#4": ["a", "c"], "#7": ["b"]}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give INPUT"),
        (("no-such-file",), "no-such-file"),
        (("s3://bucket/logs/",), "s3://bucket/logs/: a job is tried over files"),
        (("run:20260102T030405678-9f86d081e2",), "a job is tried over files"),
        (("{job}/input.txt", "--output", "s3://bucket/out/"), "--output s3://bucket/out/: a job that is tried writes a file"),
        (("--job", "/no/such/folder"), "/no/such/folder is no folder"),
        (("-", "--pdb"), "--pdb takes its commands from standard input"),
        (("{job}/input.txt", "--param", "threshold"), "--param threshold: write name=value"),
        (("{job}/input.txt", "--param", "a=1", "--param", "a=2"), "--param a is given twice"),
        (("{job}/input.txt", "--param", "a=1e999"), "--param a=1e999: JSON has neither NaN nor infinity"),
        (("{job}/input.txt", "--param", f"a={'x' * 9000}"), "it may have 8192"),
        (("{job}/input.txt", "--output", "/no/such/folder/x"), "there is no folder"),
    ],
)
def test_bad_usage_is_told_in_one_line_with_exit_code_2(
    arguments: tuple[str, ...], told: str, make_job: MakeJob, capfdbinary: Any
) -> None:
    job = make_job()

    status, out, err = tried(capfdbinary, *(each.format(job=job) for each in arguments))

    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert told in err


def test_interruption_has_its_own_exit_code(make_job: MakeJob, capfdbinary: Any) -> None:
    job = make_job(user_map="def user_map(text):\n    raise KeyboardInterrupt\n")

    assert tried(capfdbinary, "--job", job) == (130, "", "interrupted\n")
