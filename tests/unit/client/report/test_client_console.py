"""Progress as lines on stderr."""

from scripts.client.orchestrations import Progress
from scripts.client.report.console import showing
from scripts.workflow import Workflow
from tests.fakes.deployed import workflow_record


def test_lines_of_progress_stand_behind_the_label(capsys):
    progress = Progress(returned={"mapper": 1}, sizes={"mapper": 2})

    with showing(lambda: progress, Workflow.parse(workflow_record("sfn")), quiet=False, label="step 1/2: ") as tick:
        tick()

    assert capsys.readouterr().err.startswith("step 1/2: mapper 1/2, reducer ?/?, ")
