"""What is deployed for a bench goes away again."""

import pytest

from scripts import steps
from scripts.bench import deployments
from scripts.bench.deployments import deployed
from scripts.steps import StepFailedError


@pytest.fixture
def commands(monkeypatch):
    """The commands that were run, as words; `running` says whether an embedded AWS is there, `failing` which command fails."""

    class Commands(list):
        running, failing = False, "nothing"

    done = Commands()

    def run(module, *arguments, stdout_to):
        if arguments[:1] == ("status",):
            return 0 if done.running else 3
        words = [word for word in (module.removeprefix("scripts."), *arguments) if word]
        told = (
            " ".join(words).replace("--target embedded ", "").replace(" --region us-east-1", "").replace(" --unless-current", "")
        )
        done.append(told.replace(str(deployments._JOB), "JOB").replace(" --vars=", "").replace("shuffle=packed", ""))
        return 7 if done.failing in done[-1] else 0

    monkeypatch.setattr(steps, "_run", run)
    monkeypatch.setattr(deployments, "_found", lambda prefix, name: f"{prefix}-{name}")
    return done


def test_each_job_is_packaged_before_it_is_deployed(commands):
    with deployed(["sfn", "http_only"], ["sfn"], "shuffle=packed") as there:
        assert there.own == {"sfn": "bench-sfn", "http_only": "bench-http_only"}
        assert there.emit_all == {"sfn": "bench-all-sfn"}

    assert commands == [
        "package",
        "embedded up",
        "package --job JOB",
        "deploy apply --prefix bench-all --orchestration sfn --job JOB",
        "deploy apply --prefix bench --orchestration sfn --job",
        "deploy apply --prefix bench --orchestration http_only --job",
        "embedded down",
    ]


def test_an_embedded_aws_that_goes_on_has_nothing_of_it_in_the_end(commands):
    commands.running = True

    with pytest.raises(KeyboardInterrupt), deployed(["sfn"], ["sfn"]):
        raise KeyboardInterrupt

    assert commands[-2:] == [
        "deploy destroy --prefix bench-all --orchestration sfn --job JOB",
        "deploy destroy --prefix bench --orchestration sfn --job",
    ]


@pytest.mark.parametrize("running", [True, False])
def test_all_stays_if_asked_for(commands, running):
    commands.running = running

    with deployed(["sfn"], [], keep_up=True):
        pass

    assert commands[-1] == "deploy apply --prefix bench --orchestration sfn --job"


def test_what_failed_to_deploy_is_destroyed(commands):
    commands.running, commands.failing = True, "apply --prefix bench-all"

    with pytest.raises(StepFailedError), deployed(["sfn"], ["sfn"]):
        raise AssertionError("nothing is measured then")

    assert commands[-1] == "deploy destroy --prefix bench-all --orchestration sfn --job JOB"


def test_one_that_cannot_be_destroyed_does_not_keep_the_others(commands):
    commands.running, commands.failing = True, "destroy --prefix bench --orchestration sfn"

    with deployed(["sfn", "http_only"], []):
        pass

    assert commands[-1] == "deploy destroy --prefix bench --orchestration http_only --job"
