"""Finds the AWS provider on this machine, for `terraform init` where no registry can be reached.

A filesystem mirror is a folder laid out by provider address, in one of two forms:

    {mirror}/{host}/{namespace}/{type}/{version}/{os}_{arch}/terraform-provider-{type}_v{version}*
    {mirror}/{host}/{namespace}/{type}/terraform-provider-{type}_{version}_{os}_{arch}.zip

Whatever is found, Terraform installs it only if its bytes are those that the lock file names.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.files import write_whole

_SKIPPED = {"proc", "sys", "dev", "run", "lost+found", ".git", "node_modules", "site-packages", "__pycache__"}
_MAX_DEPTH = 8
_MAX_SECONDS = 20.0


@dataclass(frozen=True)
class Provider:
    """A provider of a lock file: `address` is host/namespace/type, `version` the one that is locked."""

    address: str
    version: str


def locked_provider(lock_file: Path) -> Provider:
    """The provider that the lock file pins. Raises ValueError when it pins none."""
    found = re.search(r'provider "([^"]+)" \{\s*version\s*=\s*"([^"]+)"', lock_file.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{lock_file}: no provider with a version in it")
    return Provider(found[1], found[2])


def holds(mirror: Path, provider: Provider, platform: str) -> bool:
    """Whether `mirror` has the provider for `platform` (such as linux_amd64), unpacked or as a zip."""
    folder = mirror / provider.address
    name = provider.address.rsplit("/", 1)[-1]
    unpacked = folder / provider.version / platform
    return (folder / f"terraform-provider-{name}_{provider.version}_{platform}.zip").is_file() or any(
        unpacked.glob(f"terraform-provider-{name}_v{provider.version}*")
    )


def find(provider: Provider, platform: str, *, top: Path = Path("/"), seconds: float = _MAX_SECONDS) -> Path | None:
    """A mirror with the provider: from the usual places, else by a search of the file system below `top`.

    The search goes breadth first, follows no links, and gives up after `seconds` or eight levels down.
    """
    for mirror in (*_usual_places(), *_search(top, provider.address.split("/")[0], time.monotonic() + seconds)):
        if holds(mirror, provider, platform):
            return mirror
    return None


def write_cli_config(path: Path, mirror: Path) -> None:
    """Write a Terraform CLI configuration that installs providers from `mirror` and from nowhere else."""
    quoted = str(mirror).replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    write_whole(path, [f'provider_installation {{\n  filesystem_mirror {{\n    path = "{quoted}"\n  }}\n}}\n'.encode()])


def _usual_places() -> Iterator[Path]:
    home = Path.home()
    yield home / ".terraform.d" / "plugins"
    yield home / ".terraform.d" / "plugin-cache"
    yield Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "terraform" / "plugins"
    for share in (Path("/usr/local/share"), Path("/usr/share")):
        yield share / "terraform" / "plugins"


def _search(top: Path, host: str, deadline: float) -> Iterator[Path]:
    """Folders below `top` that hold one named `host`."""
    waiting = deque([(top, 0)])
    while waiting and time.monotonic() < deadline:
        folder, depth = waiting.popleft()
        try:
            with os.scandir(folder) as entries:
                inner = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            continue  # not ours to read, or gone meanwhile: there is nothing to find in it
        if host in inner:
            yield folder
        if depth < _MAX_DEPTH:
            waiting.extend((folder / name, depth + 1) for name in inner if name not in _SKIPPED)
