"""Whether a deployment on the embedded AWS is what an apply would make it. Terraform takes ten seconds to find that out."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scripts import paths
from scripts.deploy.targets import EmbeddedTarget, build_dir
from scripts.package.layer import LOCAL


def forget(target: EmbeddedTarget) -> None:
    """From now on the deployment may be anything."""
    _stamp(target).unlink(missing_ok=True)


def note(target: EmbeddedTarget) -> None:
    """The deployment is what this configuration, these variables and these packages make."""
    _stamp(target).write_text(_fingerprint(target), encoding="utf-8")


def is_current(target: EmbeddedTarget) -> bool:
    """Whether nothing of that has changed since; what somebody else has changed on the embedded AWS is not seen."""
    stamp = _stamp(target)
    return target.record.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == _fingerprint(target)


def _stamp(target: EmbeddedTarget) -> Path:
    return target.logs / "applied"


def _fingerprint(target: EmbeddedTarget) -> str:
    built = build_dir(target)
    layers = [*built.glob("*.zip"), *(built / LOCAL).glob("*.zip")]
    packages = [*layers, built / "manifest.json", *(built / target.choice.orchestration).iterdir()]
    digest = hashlib.sha256("\0".join(target.variables).encode())
    for path in sorted([*paths.TERRAFORM.rglob("*.tf"), *paths.TERRAFORM.glob(".terraform.lock.hcl"), *packages]):
        digest.update(f"{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
