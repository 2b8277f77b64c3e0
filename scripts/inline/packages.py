"""What a job's requirements.txt asks for, for this Python: fetched once, and importable for as long as the job is tried."""

import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts import paths
from scripts.client.errors import UsageError
from scripts.client.report.console import say
from scripts.jobs.job import Job
from scripts.only_one import LockedError, only_one
from scripts.package.layer import JOB_LAYER, LOCAL, LayerError, make_layer
from scripts.package.platforms import this_machine


@contextmanager
def packages_of(job: Job) -> Iterator[None]:
    """Let the job's packages be importable for the body of the `with`.

    Raises:
        UsageError: a package could not be fetched, or another command makes packages all the time.
    """
    asked = job.requirements
    if asked is None:
        yield
        return
    try:
        with only_one(paths.BUILD / "package.lock", "the packages"):
            folder = str(_installed(asked, job.build / LOCAL))
    except (LayerError, LockedError) as error:
        raise UsageError(str(error)) from None
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _installed(asked: Path, folder: Path) -> Path:
    """The folder of the packages, made anew where the layer was made anew, be it here or by packaging."""
    layer, unpacked = folder / f"{JOB_LAYER}.zip", folder / JOB_LAYER
    if not layer.exists():
        say(f"fetching the packages of {asked} (once; again only when it changes)")
    make_layer(JOB_LAYER, this_machine(), folder, asked)
    stamp = layer.with_suffix(".stamp").read_bytes()
    if not (unpacked / "stamp").exists() or (unpacked / "stamp").read_bytes() != stamp:
        shutil.rmtree(unpacked, ignore_errors=True)
        with zipfile.ZipFile(layer) as archive:
            archive.extractall(unpacked)
        (unpacked / "stamp").write_bytes(stamp)  # last: what is cut off is begun anew
    return unpacked / "python"
