"""The interpreter and the packages that functions have on the embedded AWS, for programs that measure parts of them."""

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts import lambda_python, paths
from scripts.package.layer import LOCAL


@dataclass(frozen=True)
class Place:
    """An interpreter, the folder with the layer's packages, and an empty folder for what else is unpacked."""

    python: Path
    packages: Path
    scratch: Path

    def environment(self, code: Path) -> dict[str, str]:
        """Finds modules in `code` and in the layer, and leaves no byte code behind, as on Lambda."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join([str(code), str(self.packages)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


@contextmanager
def as_lambda() -> Iterator[Place]:
    """The packages have to be made; what is unpacked of them goes away again."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        layer = unpacked(paths.BUILD / LOCAL / "layer.zip", scratch / "layer")
        yield Place(lambda_python.prepare(paths.BUILD), layer / "python", scratch)


def unpacked(archive: Path, folder: Path) -> Path:
    """The folder, with what is in the archive."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder
