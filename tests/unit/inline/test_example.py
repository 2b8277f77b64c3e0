"""The test of a job that docs/jobs.md shows runs as it says there, from any folder."""

import os
import subprocess
import sys
from pathlib import Path

from scripts import paths


def test_test_of_a_sample_job_passes_and_fails_with_its_job(tmp_path: Path) -> None:
    job = paths.ROOT / "samples" / "jobs" / "temperatures"
    for name in ("user_map.py", "user_reduce.py", "job.toml", "test_temperatures.py"):
        (tmp_path / name).write_text((job / name).read_text())

    def tested() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": str(paths.ROOT)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)

    passed = tested()
    (tmp_path / "user_reduce.py").write_text("def user_reduce(station, degrees):\n    return max(degrees)\n")
    failed = tested()

    assert (passed.returncode, passed.stdout.splitlines()[-1][:8]) == (0, "2 passed"), passed.stdout
    assert (failed.returncode, failed.stdout.splitlines()[-1][:8]) == (1, "2 failed")
