"""A hash of what an orchestration's packages are made from: whether what is deployed is what is here.

Packaging leaves it beside the zips, Terraform passes it on into the deployment's record, and the client compares. A hash of the
zips would not do: another machine's zlib packs the same files into other bytes.
"""

import hashlib
import json

from scripts import paths
from scripts.package.zips import files_under

NAME = "sources.sha256"
"""Its file, in build/{orchestration}/."""


def digest(orchestration: str) -> str:
    """Of names and contents: the functions, the runtime, the orchestration's definitions, the layer's pins.

    Raises:
        OSError: one of them can't be read.
    """
    files: dict[str, bytes] = {}
    for folder in (paths.ROOT / "runtime", paths.FUNCTIONS, paths.DEFINITIONS / orchestration):
        files |= files_under(folder, paths.ROOT)
    for pins in ("runtime.txt", "redis.txt"):
        files[f"requirements/{pins}"] = (paths.REQUIREMENTS / pins).read_bytes()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
