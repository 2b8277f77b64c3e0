"""The time that a run prints begins when its command is entered."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
CODE = "import time; time.sleep(0.7); from scripts.client.report.elapsed import since_enter; print(since_enter())"


def seconds(before=""):
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", before + CODE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return float(done.stdout), time.monotonic() - began


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the start of a process is told by Linux")
def test_what_passes_before_the_import_counts():
    told, took = seconds()

    assert 0.7 <= told <= took + 0.02


def test_where_the_start_of_a_process_is_not_told_it_is_that_of_the_import():
    told, took = seconds("import os; del os.sysconf\n")

    assert 0 <= told <= took - 0.7
