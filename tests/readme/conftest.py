"""The copy of the repository in which a newcomer works."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readme.newcomer import ROOT, environment


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a newcomer has after `git clone`: the files that git knows or would know, and nothing else."""
    folder = tmp_path_factory.mktemp("newcomer") / "repository"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    yield folder
    subprocess.run(["make", "local-down"], cwd=folder, env=environment(), check=True, timeout=60)
