"""What is started is stopped; what was running goes on."""

import pytest

from scripts import steps
from scripts.compare.cli import _deployed as deployed


@pytest.fixture
def commands(monkeypatch):
    """The commands that were run, as words; `running` says whether an embedded AWS is there, `failing` which module fails."""

    class Commands(list):
        running, failing = False, ()

    done = Commands()

    def run(module, *arguments, stdout_to):
        if arguments[:1] == ("status",):
            return 0 if done.running else 3
        done.append(" ".join([module.removeprefix("scripts."), *arguments]))
        return 7 if module in done.failing else 0

    monkeypatch.setattr(steps, "_run", run)
    return done


def apply(name: str) -> str:
    return f"deploy apply --unless-current --target embedded --orchestration {name}"


def test_it_is_started_deployed_onto_and_stopped(commands):
    with deployed(["sfn", "http_only"], keep_up=False) as lasting:
        assert not lasting
        assert commands == ["package", "embedded up", apply("sfn"), apply("http_only")]

    assert commands[4:] == ["embedded down"]


def test_a_job_is_packaged_and_deployed(commands):
    with deployed(["sfn"], "my job", keep_up=True):
        pass

    assert commands == ["package --job my job", "embedded up", f"{apply('sfn')} --job my job"]


def test_all_get_the_same_variables(commands):
    with deployed(["sfn", "http_only"], "", "memory_mb=1024", keep_up=True):
        pass

    assert commands[2:] == [f"{apply(name)} --vars=memory_mb=1024" for name in ("sfn", "http_only")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_it_is_stopped_whatever_happens(commands, error):
    with pytest.raises(error), deployed(["sfn"], keep_up=False):
        raise error

    assert commands[-1] == "embedded down"


def test_one_that_was_running_goes_on(commands):
    commands.running = True

    with deployed(["sfn"], keep_up=False) as lasting:
        assert lasting

    assert commands == ["package", apply("sfn")]


def test_one_that_was_started_goes_on_if_asked_for(commands):
    with deployed(["sfn"], keep_up=True) as lasting:
        assert lasting

    assert "embedded down" not in commands


def test_a_step_that_fails_ends_it_with_its_exit_code_and_tidies_up(commands):
    commands.failing = ("scripts.deploy",)

    with pytest.raises(steps.StepFailedError) as failed, deployed(["sfn", "http_only"], keep_up=False):
        raise AssertionError("nothing is measured then")

    assert failed.value.exit_code == 7
    assert commands == ["package", "embedded up", apply("sfn"), "embedded down"]
